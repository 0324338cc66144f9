package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"gristmill"
	"gristmill/dataset"
)

// secret resolves secret://NAME from the environment or the file NAME.
func (c Config) secret(ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	name, ok := strings.CutPrefix(ref, "secret://")
	if !ok || name == "" || strings.ContainsAny(name, `/\`) {
		return "", gristmill.Errorf(gristmill.Invalid, "--token: a credential is given as secret://NAME, never itself")
	}
	return c.findSecret(name, name)
}

// sourceSecret finds a secret that a spec names. Who writes a spec also says
// where it is sent, so it is none of the environment's other variables, nor the
// server's own token by whatever name.
func (c Config) sourceSecret(_ context.Context, name string) (string, error) {
	if _, ok := dataset.IsSecret("secret://" + name); !ok {
		return "", gristmill.Errorf(gristmill.Invalid, "a secret is named by secret://NAME, of letters, digits, _ - and .")
	}
	variable := "GRISTMILL_SECRET_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
	if token, ok := strings.CutPrefix(c.Token, "secret://"); ok && (variable == token || c.sameSecretFile(name, token)) {
		return "", gristmill.Errorf(gristmill.Forbidden, "secret://%s: that is the server's own token, which no source gets", name)
	}
	return c.findSecret(name, variable)
}

// secretFile is where the file of a secret lies.
func (c Config) secretFile(name string) string {
	dir := c.SecretsDir
	if dir == "" {
		dir = filepath.Join(c.Data, "secrets")
	}
	return filepath.Join(dir, name)
}

// sameSecretFile reports whether two names are one file, also by a link or on a
// system that does not tell cases apart.
func (c Config) sameSecretFile(a, b string) bool {
	if a == b {
		return true
	}
	x, err := os.Stat(c.secretFile(a))
	if err != nil {
		return false
	}
	y, err := os.Stat(c.secretFile(b))
	return err == nil && os.SameFile(x, y)
}

// findSecret looks for a secret in a variable of the environment, then in a file.
func (c Config) findSecret(name, variable string) (string, error) {
	if v := os.Getenv(variable); v != "" {
		return v, nil
	}
	path := c.secretFile(name)
	info, err := os.Stat(path)
	if err != nil {
		return "", gristmill.Errorf(gristmill.Invalid, "secret://%s: neither the environment variable %s nor the file %s is there", name, variable, path)
	}
	if !info.Mode().IsRegular() {
		return "", gristmill.Errorf(gristmill.Invalid, "secret://%s: %s is not a regular file", name, path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", gristmill.Errorf(gristmill.Invalid, "secret://%s: the file %s has mode %04o; a secret's file must be 0600", name, path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", gristmill.Errorf(gristmill.Invalid, "secret://%s: %v", name, err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
