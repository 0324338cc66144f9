package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"gristmill"
	"gristmill/dataset"
	"gristmill/dataset/profile"
)

// Datasets lists dataset versions, newest first.
func (c *Client) Datasets(ctx context.Context, page gristmill.Page) (list []dataset.Version, next string, err error) {
	var out struct {
		Datasets []dataset.Version `json:"datasets"`
		Next     string            `json:"next_page_token"`
	}
	err = c.get(ctx, api+"/datasets", paged(page), &out)
	return out.Datasets, out.Next, err
}

// Dataset returns a dataset version.
func (c *Client) Dataset(ctx context.Context, digest gristmill.Digest) (v dataset.Version, err error) {
	return v, c.get(ctx, escape("/datasets", string(digest)), nil, &v)
}

// DatasetProfile says what a dataset's columns hold; NotFound before a run has
// read it.
func (c *Client) DatasetProfile(ctx context.Context, digest gristmill.Digest) (p profile.Profile, err error) {
	return p, c.get(ctx, escape("/datasets", string(digest), "profile"), nil, &p)
}

// DatasetProfilePage writes a dataset's profile to w as one HTML page that needs
// no other file; NotFound before a run has read the dataset.
func (c *Client) DatasetProfilePage(ctx context.Context, digest gristmill.Digest, w io.Writer) error {
	return c.download(ctx, escape("/datasets", string(digest), "profile.html"), w)
}

// DownloadDataset writes a dataset's bytes to w and checks their digest.
func (c *Client) DownloadDataset(ctx context.Context, digest gristmill.Digest, w io.Writer) error {
	return c.download(ctx, escape("/datasets", string(digest), "content"), w)
}

// UploadDataset makes the bytes of r a dataset under a name for people. Bytes
// that the server has are not sent again.
func (c *Client) UploadDataset(ctx context.Context, name string, r io.ReadSeeker) (dataset.Version, error) {
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	if err == nil {
		_, err = r.Seek(-size, io.SeekCurrent)
	}
	if err != nil {
		return dataset.Version{}, fmt.Errorf("read %s: %w", name, err)
	}
	digest := hex.EncodeToString(sum.Sum(nil))
	v, err := c.Dataset(ctx, gristmill.Digest(digest))
	if gristmill.KindOf(err) != gristmill.NotFound {
		return v, err
	}
	resp, err := c.send(ctx, request{
		method: http.MethodPost, path: api + "/datasets", query: with(url.Values{}, "name", name),
		body: io.NopCloser(r), media: "application/octet-stream", size: size, header: map[string]string{"X-Content-Sha256": digest},
	})
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		return v, gristmill.Hide(gristmill.Unavailable, err, "the answer of %s broke off", c.base)
	}
	return v, nil
}
