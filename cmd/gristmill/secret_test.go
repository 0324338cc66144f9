package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gristmill"
)

// A spec names secrets that were set for specs, and no other variable.
func TestSecretsOfSources(t *testing.T) {
	t.Chdir(t.TempDir())
	c := Default()
	c.Token, c.SecretsDir = "secret://MILL", "keys"
	for name, mode := range map[string]os.FileMode{"warehouse": 0o600, "open": 0o640, "MILL": 0o600} {
		if err := os.MkdirAll("keys", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("keys", name), []byte("from the file\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH_OF_OTHERS", "swordfish")
	t.Setenv("GRISTMILL_SECRET_LAKE_KEY", "from the environment")
	for name, want := range map[string]string{
		"warehouse":      "from the file",
		"lake-key":       "from the environment",
		"open":           "secret://open: the file keys/open has mode 0640; a secret's file must be 0600",
		"none":           "secret://none: neither the environment variable GRISTMILL_SECRET_NONE nor the file keys/none is there",
		"PATH_OF_OTHERS": "secret://PATH_OF_OTHERS: neither the environment variable GRISTMILL_SECRET_PATH_OF_OTHERS nor the file keys/PATH_OF_OTHERS is there",
		"MILL":           "secret://MILL: that is the server's own token, which no source gets",
		"../keys/open":   "a secret is named by secret://NAME, of letters, digits, _ - and .",
		"..":             "a secret is named by secret://NAME, of letters, digits, _ - and .",
	} {
		v, err := c.sourceSecret(t.Context(), name)
		if err != nil {
			v = gristmill.Public(err)
		}
		if v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
		if err != nil && strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}

// The server's own token is not given under another name either.
func TestTheTokenIsNoSecretOfSources(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("keys", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("keys/mill", []byte("swordfish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("mill", "keys/other"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GRISTMILL_SECRET_MILL_TOKEN", "swordfish")
	for _, x := range []struct{ token, name string }{
		{"secret://GRISTMILL_SECRET_MILL_TOKEN", "mill-token"},
		{"secret://GRISTMILL_SECRET_MILL_TOKEN", "MILL.TOKEN"},
		{"secret://mill", "mill"},
		{"secret://mill", "other"},
	} {
		c := Default()
		c.Token, c.SecretsDir = x.token, "keys"
		if token, err := c.secret(x.token); err != nil || token != "swordfish" {
			t.Fatalf("the token itself: %v", err)
		}
		if v, err := c.sourceSecret(t.Context(), x.name); gristmill.KindOf(err) != gristmill.Forbidden || v != "" {
			t.Errorf("--token %s, secret://%s: %q, %v", x.token, x.name, v, err)
		}
	}
}

func TestAllowURLIsRepeatable(t *testing.T) {
	t.Chdir(t.TempDir())
	status, out, errOut := command(t, "config", "--allow-url", "http://127.0.0.1:9999", "--allow-url", "10.0.0.0/8,lake", "--json")
	if status != 0 || !strings.Contains(out, `"http://127.0.0.1:9999,10.0.0.0/8,lake"`) {
		t.Errorf("status %d, %s%s", status, out, errOut)
	}
}
