package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"gristmill"
	"gristmill/ml"
)

// Config is the one configuration of the program. Each field comes from
// Default, then gristmill.yaml in the working directory, then the environment
// (GRISTMILL_*), then the flags.
type Config struct {
	Server         string // URL of the stack that the client commands talk to
	Inference      string // URL of the inference server
	Token          string // secret://NAME of the bearer token; "" for none
	Data           string // directory of all state
	PortOffset     string // added to every port
	HTTPAddr       string
	InferenceAddr  string
	TemporalAddr   string
	TemporalUIAddr string
	S3Addr         string
	PostgresAddr   string
	WorkerAddr     string // health and metrics of the workers
	AllowPath      string // roots below which absolute file sources may lie, separated by the system's list separator
	AllowURL       string // hosts beside the public ones that sources may connect to, separated by commas
	SecretsDir     string // files of secrets; "" means DATA/secrets
	LogLevel       string // debug info warn error
}

// Default returns the configuration of a stack on loopback.
func Default() Config {
	return Config{
		Server: "http://127.0.0.1:5000", Inference: "http://127.0.0.1:8080",
		Data: ".gristmill", PortOffset: "0",
		HTTPAddr: "127.0.0.1:5000", InferenceAddr: "127.0.0.1:8080", TemporalAddr: "127.0.0.1:7233", TemporalUIAddr: "127.0.0.1:8233",
		S3Addr: "127.0.0.1:9000", PostgresAddr: "127.0.0.1:5433", WorkerAddr: "127.0.0.1:9464", LogLevel: "info",
	}
}

// field is one key of the configuration: snake_case in the file, GRISTMILL_ and
// upper case in the environment, dashes on the command line.
type field struct {
	key, usage string
	global     bool // a flag of every command, not only of those that run the stack
	ptr        *string
}

func (f field) flag() string  { return strings.ReplaceAll(f.key, "_", "-") }
func (f field) env() string   { return "GRISTMILL_" + strings.ToUpper(f.key) }
func (f field) value() string { return *f.ptr }

func (c *Config) fields() []field {
	return []field{
		{"server", "URL of the gristmill stack to talk to", true, &c.Server},
		{"inference", "URL of the inference server to ask for predictions", true, &c.Inference},
		{"token", "bearer token, as secret://NAME: the environment variable NAME, or the file NAME (mode 0600) in DATA/secrets", true, &c.Token},
		{"data", "directory that holds all state", true, &c.Data},
		{"port_offset", "add this to every port: 10 for a second stack beside the first", true, &c.PortOffset},
		{"http_addr", "address of the UI and the REST API", false, &c.HTTPAddr},
		{"inference_addr", "address of the inference server", false, &c.InferenceAddr},
		{"temporal_addr", "address of Temporal", false, &c.TemporalAddr},
		{"temporal_ui_addr", "address of Temporal's UI", false, &c.TemporalUIAddr},
		{"s3_addr", "address of the S3 server", false, &c.S3Addr},
		{"postgres_addr", "address of Postgres", false, &c.PostgresAddr},
		{"worker_addr", "address of the workers' health and metrics", false, &c.WorkerAddr},
		{"allow_path", "directories below which a spec's absolute paths may lie (default: the working directory)", false, &c.AllowPath},
		{"allow_url", "origin (http://127.0.0.1:9999), host or network that a spec's http and s3 sources may reach although it is not public; repeatable", false, &c.AllowURL},
		{"secrets_dir", "directory of the files of secrets, mode 0600 (default: DATA/secrets)", true, &c.SecretsDir},
		{"log_level", "debug, info, warn or error", false, &c.LogLevel},
	}
}

// stackFlags adds the flags of commands that run a stack.
func (a *app) stackFlags(cmd *cobra.Command) {
	d := Default()
	for _, f := range d.fields() {
		switch {
		case f.global:
		case f.key == "allow_url":
			cmd.Flags().StringSlice(f.flag(), nil, f.usage)
		default:
			cmd.Flags().String(f.flag(), f.value(), f.usage)
		}
	}
}

// configFile is read from the working directory, if it is there.
const configFile = "gristmill.yaml"

// configure fills the configuration before a command runs.
func (a *app) configure(cmd *cobra.Command) error {
	a.cfg, a.origin = Default(), map[string]string{}
	fields := a.cfg.fields()
	if err := a.fromFile(fields); err != nil {
		return err
	}
	for _, f := range fields {
		if v, ok := os.LookupEnv(f.env()); ok {
			*f.ptr, a.origin[f.key] = v, f.env()
		}
		if flag := cmd.Flags().Lookup(f.flag()); flag != nil && flag.Changed {
			*f.ptr, a.origin[f.key] = flag.Value.String(), "--"+f.flag()
			if list, ok := flag.Value.(interface{ GetSlice() []string }); ok {
				*f.ptr = strings.Join(list.GetSlice(), ",")
			}
		}
	}
	return a.cfg.shift(a.origin)
}

func (a *app) fromFile(fields []field) error {
	text, err := os.ReadFile(configFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var values map[string]yaml.Node
	if err == nil {
		err = yaml.Unmarshal(text, &values)
	}
	if err != nil {
		return gristmill.Errorf(gristmill.Invalid, "read %s: %v", configFile, err)
	}
	var problems []gristmill.Problem
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	for key, node := range values {
		i := indexOf(keys, key)
		if i < 0 {
			p := ml.Unknown("", "key", key, keys)
			problems = append(problems, gristmill.Problem{Path: key, Line: node.Line, Column: node.Column, Given: key, Want: p.Want, Msg: p.Msg})
			continue
		}
		if node.Kind != yaml.ScalarNode {
			problems = append(problems, gristmill.Problem{Path: key, Line: node.Line, Column: node.Column, Msg: key + ": expected a single value"})
			continue
		}
		*fields[i].ptr, a.origin[key] = node.Value, configFile
	}
	return gristmill.Problems(configFile, problems)
}

func indexOf(list []string, s string) int {
	for i, e := range list {
		if e == s {
			return i
		}
	}
	return -1
}

// shift adds the port offset to every address and URL that was not given.
func (c *Config) shift(origin map[string]string) error {
	n, err := strconv.Atoi(c.PortOffset)
	if err != nil || n < 0 || n > 50000 {
		return usageError{fmt.Errorf("--port-offset: %q is not a whole number from 0 to 50000", c.PortOffset)}
	}
	var problems []gristmill.Problem
	for _, f := range c.fields() {
		if !strings.HasSuffix(f.key, "_addr") {
			continue
		}
		host, port, err := net.SplitHostPort(*f.ptr)
		p, numErr := strconv.Atoi(port)
		if err != nil || numErr != nil || p < 0 || p > 65535 || host == "" {
			problems = append(problems, gristmill.Problem{Path: "--" + f.flag(), Given: *f.ptr, Want: "host:port", Msg: fmt.Sprintf("--%s: %q is not of the form host:port", f.flag(), *f.ptr)})
			continue
		}
		if origin[f.key] == "" {
			*f.ptr = net.JoinHostPort(host, strconv.Itoa(p+n))
		}
	}
	if origin["server"] == "" {
		c.Server = fmt.Sprintf("http://127.0.0.1:%d", 5000+n)
	}
	if origin["inference"] == "" {
		c.Inference = fmt.Sprintf("http://127.0.0.1:%d", 8080+n)
	}
	return gristmill.Problems("", problems)
}

// loopback reports whether an address is reachable from this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", GroupID: "stack", Short: "Print every setting, its value and where it comes from",
		Example: "  gristmill config\n  GRISTMILL_PORT_OFFSET=10 gristmill config --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			type row struct {
				Key    string `json:"key"`
				Value  string `json:"value"`
				Origin string `json:"origin"`
			}
			var rows []row
			for _, f := range a.cfg.fields() {
				origin := a.origin[f.key]
				if origin == "" {
					origin = "default"
				}
				rows = append(rows, row{f.key, f.value(), origin})
			}
			if a.json {
				return a.printJSON(rows)
			}
			t := a.table("KEY", "VALUE", "ORIGIN")
			for _, r := range rows {
				t.row(r.Key, r.Value, r.Origin)
			}
			return t.flush()
		},
	}
	a.stackFlags(cmd)
	return cmd
}
