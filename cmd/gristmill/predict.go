package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gristmill"
)

func (a *app) predictCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "predict MODEL [--file F|-]", GroupID: "work", Short: "Ask a deployed model for predictions",
		Long: `Predict sends rows to the inference server: a CSV file with a header, or a JSON
body of any form that /models/MODEL/invocations takes. The answer is JSON.`,
		Example: "  gristmill predict churn --file customers.csv\n  echo '{\"dataframe_records\":[...]}' | gristmill predict churn --file -",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.rows(file)
			if err != nil {
				return err
			}
			answer, err := a.ask(cmd.Context(), args[0], body)
			if err != nil {
				return err
			}
			_, err = a.out.Write(append(bytes.TrimRight(answer, "\n"), '\n'))
			return err
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "-", "rows as CSV or JSON; - reads them from stdin")
	return cmd
}

// rows reads the body of a request.
func (a *app) rows(file string) ([]byte, error) {
	var body []byte
	var err error
	if file == "-" {
		body, err = io.ReadAll(a.in)
	} else {
		body, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usageError{fmt.Errorf("--file: %w", err)}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, usageError{fmt.Errorf("--file: %s is empty; expected rows as CSV with a header, or JSON", file)}
	}
	return body, nil
}

// ask posts rows to the model and returns the answer's body.
func (a *app) ask(ctx context.Context, model string, body []byte) ([]byte, error) {
	if err := gristmill.CheckName("model", model); err != nil {
		return nil, err
	}
	url := strings.TrimRight(a.cfg.Inference, "/") + "/models/" + model + "/invocations"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, usageError{fmt.Errorf("--inference: %w", err)}
	}
	req.Header.Set("Content-Type", "text/csv")
	if first := bytes.TrimSpace(body)[0]; first == '{' || first == '[' {
		req.Header.Set("Content-Type", "application/json")
	}
	token, err := a.cfg.secret(a.cfg.Token)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, gristmill.Hide(gristmill.Unavailable, err, "no inference server at %s; start one with `gristmill up` or set --inference", a.cfg.Inference)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, gristmill.Hide(gristmill.Unavailable, err, "the answer of %s broke off", a.cfg.Inference)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusedAnswer(resp.StatusCode, answer)
	}
	return answer, nil
}

// refusedAnswer reads the error body of the inference server.
func refusedAnswer(status int, body []byte) error {
	var e struct {
		Message string `json:"message"`
		Errors  []struct {
			Path    string `json:"path"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	kind := gristmill.Internal
	switch {
	case status == http.StatusNotFound:
		kind = gristmill.NotFound
	case status == http.StatusServiceUnavailable:
		kind = gristmill.Unavailable
	case status == http.StatusUnauthorized:
		kind = gristmill.Unauthenticated
	case status < 500:
		kind = gristmill.Invalid
	}
	if json.Unmarshal(body, &e) != nil || e.Message == "" {
		return gristmill.Errorf(kind, "the inference server answered %d: %s", status, firstLine(string(body)))
	}
	out := &gristmill.Error{Kind: kind, Msg: e.Message}
	if len(e.Errors) < 2 {
		return out
	}
	out.Msg = "the inference server refuses the request" // whose message repeats the problems
	for _, p := range e.Errors {
		out.Problems = append(out.Problems, gristmill.Problem{Path: p.Path, Msg: p.Message})
	}
	return out
}
