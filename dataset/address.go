package dataset

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strings"

	"gristmill"
	"gristmill/ml"
	"gristmill/ml/frame"
)

// HTTPAccess is what a web server asks of its callers. Values are references.
type HTTPAccess struct {
	Bearer  string            `json:"bearer,omitempty"`  // secret://NAME of a bearer token
	Headers map[string]string `json:"headers,omitempty"` // more headers: secret://NAME, or in clear the harmless ones
}

// S3Access says where and with which key an object is read.
type S3Access struct {
	Endpoint  string `json:"endpoint,omitempty"`   // https://HOST[:PORT]
	Region    string `json:"region,omitempty"`     // "" means us-east-1
	AccessKey string `json:"access_key,omitempty"` // secret://NAME; none means without a signature
	SecretKey string `json:"secret_key,omitempty"` // secret://NAME
}

// PostgresQuery is a query and the database that answers it.
type PostgresQuery struct {
	DSN   string `json:"dsn"`   // secret://NAME of postgresql://user:password@host/database
	Query string `json:"query"` // one SELECT
}

// harmless are the headers that may be given in clear: they open no door.
var harmless = []string{"Accept", "Accept-Language", "User-Agent"}

// telling are the parameters of a URL that are credentials by their name, in
// lower case and without "-" and "_".
var telling = []string{"accesskey", "accesstoken", "apikey", "apitoken", "auth", "authkey", "authorization", "authtoken", "bearer", "clientsecret",
	"code", "credential", "credentials", "idtoken", "jwt", "key", "pass", "passwd", "password", "privatetoken", "pwd", "refreshtoken", "secret",
	"secretkey", "sessiontoken", "sig", "signature", "subscriptionkey", "token",
	"xamzcredential", "xamzsecuritytoken", "xamzsignature", "xgoogcredential", "xgoogsignature"}

// parseURL reads an address with a scheme.
func parseURL(text, scheme string) (SourceSpec, error) {
	refuse := func(why, want string) (SourceSpec, error) {
		return SourceSpec{}, gristmill.Errorf(gristmill.Invalid, "source %q: %s; expected %s", withoutSecrets(text), why, want)
	}
	s := SourceSpec{URL: text}
	var want string
	switch strings.ToLower(scheme) {
	case "http", "https":
		s.Kind, want = FromHTTP, "https://HOST/PATH"
	case "s3":
		s.Kind, want = FromS3, "s3://BUCKET/KEY"
	case "secret":
		return refuse("a secret is no source", "a mapping that names it, such as {http: {url: secret://NAME}}")
	case "postgres", "postgresql":
		return refuse("an address of a database may hold its password", `{postgres: {dsn: secret://NAME, query: "select ..."}}`)
	default:
		return refuse(scheme+":// addresses cannot be read", sourceForms)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return refuse("not a whole address", want)
	case u.User != nil:
		return refuse("it holds a user or password", "{http: {url: ..., bearer: secret://NAME}} or {http: {url: secret://NAME}}")
	case s.Kind == FromS3 && (u.RawQuery != "" || strings.Trim(u.Path, "/") == "" || strings.HasSuffix(u.Path, "/")):
		return refuse("no object is named", want)
	case s.Kind == FromS3 && !(IsKey(text[len("s3://"):]) && IsKey(u.Host+u.Path)):
		return refuse(`its key has an empty part, "." or ".."`, want+" without them")
	}
	if key := credential(u); key != "" {
		return refuse("its parameter "+key+" is a credential", "{http: {url: secret://NAME}}, which keeps the whole address secret")
	}
	s.Name = path.Base(u.Path)
	if s.Name == "/" || s.Name == "." {
		s.Name = u.Hostname()
	}
	return s, nil
}

// credential names the parameter of a URL that is a credential, "" without one.
func credential(u *url.URL) string {
	parts := strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) // url.Values leaves out what holds a ";"
	for _, part := range slices.Sorted(slices.Values(parts)) {
		key, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		if slices.Contains(telling, strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key))) {
			return key
		}
	}
	return ""
}

// IsKey reports whether the key of an object is one name on every server: it has
// no empty part and no "." or "..", by which a server that keeps objects as files
// may leave the bucket.
func IsKey(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// withoutSecrets shortens an address for a message, without what may be secret
// in it: user, password and parameters.
func withoutSecrets(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return frame.Shorten(text)
	}
	rest, _, _ = strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = "..." + rest[i:]
	}
	return frame.Shorten(scheme + "://" + rest)
}

// IsSecret reports whether a text is a reference to a secret, secret://NAME, and
// returns the name: letters, digits, "_", "-" and ".", not first a ".".
func IsSecret(text string) (name string, ok bool) {
	name, ok = strings.CutPrefix(text, "secret://")
	if !ok || name == "" || len(name) > 128 || name[0] == '.' {
		return "", false
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.", r)) {
			return "", false
		}
	}
	return name, true
}

// DecodeSource reads the value of data.source: a text as ParseSource reads it, or
// one of the mappings
//
//	{http: {url: "https://...", bearer: secret://NAME, headers: {X-Api-Key: secret://NAME}}}
//	{s3: {uri: "s3://BUCKET/KEY", endpoint: "https://...", region: R, access_key: secret://A, secret_key: secret://B}}
//	{postgres: {dsn: secret://NAME, query: "select ..."}}
//
// Its problems have paths below data.source; none shows a credential.
func DecodeSource(v any) (SourceSpec, []gristmill.Problem) {
	d := decoder{}
	switch v := v.(type) {
	case nil:
		d.add("data.source", "missing", sourceForms)
	case string:
		return decodeText("data.source", v)
	case map[string]any:
		return d.mapping(v)
	default:
		d.add("data.source", frame.Shorten(fmt.Sprint(v)), sourceForms)
	}
	return SourceSpec{}, d.problems
}

func decodeText(at, text string) (SourceSpec, []gristmill.Problem) {
	s, err := ParseSource(text)
	if err == nil {
		return s, nil
	}
	msg := strings.TrimPrefix(gristmill.Public(err), "source ")
	given, want, _ := strings.Cut(msg, "; expected ")
	return SourceSpec{}, []gristmill.Problem{{Path: at, Given: given, Want: want, Msg: at + ": " + msg}}
}

// decoder reads the mappings of DecodeSource.
type decoder struct{ problems }

func (d *decoder) mapping(m map[string]any) (s SourceSpec, _ []gristmill.Problem) {
	kinds := slices.Sorted(maps.Keys(m))
	if len(kinds) != 1 {
		d.add("data.source", fmt.Sprintf("a mapping of %d keys", len(kinds)), "exactly one of http, s3 and postgres")
		return s, d.problems
	}
	at := "data.source." + kinds[0]
	inner, ok := m[kinds[0]].(map[string]any)
	known := map[string][]string{"http": {"url", "bearer", "headers"}, "s3": {"uri", "endpoint", "region", "access_key", "secret_key"}, "postgres": {"dsn", "query"}}[kinds[0]]
	if known == nil {
		d.add(at, "unknown", "http, s3 or postgres")
		return s, d.problems
	}
	if !ok {
		d.add(at, "not a mapping", "a mapping with the keys "+strings.Join(known, ", "))
		return s, d.problems
	}
	for _, key := range slices.Sorted(maps.Keys(inner)) {
		if !slices.Contains(known, key) {
			near := ""
			if n := ml.Nearest(key, known); n != "" {
				near = fmt.Sprintf(" (did you mean %q?)", n)
			}
			d.add(at+"."+key, "unknown", "one of "+strings.Join(known, ", ")+near)
		}
	}
	switch kinds[0] {
	case "http":
		s = d.http(at, inner)
	case "s3":
		s = d.s3(at, inner)
	default:
		s = d.postgres(at, inner)
	}
	if len(d.problems) > 0 {
		return SourceSpec{}, d.problems
	}
	return s, nil
}

// text reads a text, "" without one.
func (d *decoder) text(at string, m map[string]any, key string) string {
	switch v := m[key].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		d.add(at+"."+key, "not a text", "a text")
		return ""
	}
}

// secret reads a reference; what was given instead is not shown, since it may be
// the secret itself.
func (d *decoder) secret(at string, m map[string]any, key string) string {
	v := d.text(at, m, key)
	if v == "" {
		return ""
	}
	if _, ok := IsSecret(v); !ok {
		d.add(at+"."+key, "a credential in clear", "secret://NAME, which the worker looks up by its name (letters, digits, _ - .)")
		return ""
	}
	return v
}

func (d *decoder) address(at, text string, kind SourceKind, form string) SourceSpec {
	s, problems := decodeText(at, text)
	if len(problems) == 0 && s.Kind != kind {
		d.add(at, fmt.Sprintf("%q", withoutSecrets(text)), form)
	}
	d.problems = append(d.problems, problems...)
	return s
}

func (d *decoder) http(at string, m map[string]any) SourceSpec {
	s := SourceSpec{Kind: FromHTTP}
	address := d.text(at, m, "url")
	name, hidden := IsSecret(address)
	switch {
	case address == "":
		if m["url"] == nil || m["url"] == "" {
			d.add(at+".url", "missing", "an https:// address")
		}
	case hidden:
		s.URL, s.Name = address, strings.ToLower(name)
	default:
		s = d.address(at+".url", address, FromHTTP, "an http:// or https:// address")
	}
	a := HTTPAccess{Bearer: d.secret(at, m, "bearer")}
	switch headers := m["headers"].(type) {
	case nil:
	case map[string]any:
		a.Headers = d.headers(at+".headers", headers)
		if _, also := a.Headers["Authorization"]; also && a.Bearer != "" {
			d.add(at+".bearer", "given beside the header Authorization", "one of the two")
		}
	default:
		d.add(at+".headers", "not a mapping", "a mapping of headers, such as {X-Api-Key: secret://NAME}")
	}
	if a.Bearer != "" || len(a.Headers) > 0 {
		s.HTTP = &a
	}
	return s
}

func (d *decoder) headers(at string, m map[string]any) map[string]string {
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := textproto.CanonicalMIMEHeaderKey(key)
		switch {
		case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }) || key == "":
			d.add(at, fmt.Sprintf("%q", frame.Shorten(key)), "the name of a header")
		case slices.Contains([]string{"Host", "Connection", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "Range", "Cookie2", "Te", "Upgrade"}, name):
			d.add(at+"."+key, "set by the program itself", "another header")
		case out[name] != "":
			d.add(at+"."+key, "a second time", "every header once")
		case slices.Contains(harmless, name):
			v := d.text(at, m, key)
			if strings.ContainsAny(v, "\r\n\x00") {
				d.add(at+"."+key, "holds a line end", "one line")
			} else if v != "" {
				out[name] = v
			}
		default:
			if v := d.secret(at, m, key); v != "" {
				out[name] = v
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (d *decoder) s3(at string, m map[string]any) SourceSpec {
	var s SourceSpec
	if uri := d.text(at, m, "uri"); uri != "" {
		s = d.address(at+".uri", uri, FromS3, "s3://BUCKET/KEY")
	} else if m["uri"] == nil || m["uri"] == "" {
		d.add(at+".uri", "missing", "s3://BUCKET/KEY")
	}
	a := S3Access{Endpoint: d.text(at, m, "endpoint"), Region: d.text(at, m, "region"),
		AccessKey: d.secret(at, m, "access_key"), SecretKey: d.secret(at, m, "secret_key")}
	if a == (S3Access{}) {
		return s
	}
	if u, err := url.Parse(a.Endpoint); a.Endpoint == "" {
		d.add(at+".endpoint", "missing beside a region or key", "the server's address, such as https://s3.eu-central-1.amazonaws.com")
	} else if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		d.add(at+".endpoint", fmt.Sprintf("%q", withoutSecrets(a.Endpoint)), "https://HOST or https://HOST:PORT")
	}
	if (m["access_key"] == nil) != (m["secret_key"] == nil) {
		d.add(at, "only one of access_key and secret_key", "both or neither")
	}
	s.S3 = &a
	return s
}

func (d *decoder) postgres(at string, m map[string]any) SourceSpec {
	q := PostgresQuery{DSN: d.secret(at, m, "dsn"), Query: strings.TrimSpace(d.text(at, m, "query"))}
	if m["dsn"] == nil || m["dsn"] == "" {
		d.add(at+".dsn", "missing", "secret://NAME of postgresql://user:password@host/database")
	}
	if q.Query == "" {
		d.add(at+".query", "missing", `a query, such as "select age, churn from customers"`)
	} else if strings.ContainsRune(q.Query, 0) {
		d.add(at+".query", "holds a NUL byte", "a query without one")
	}
	name, _ := IsSecret(q.DSN)
	return SourceSpec{Kind: FromPostgres, Name: strings.ToLower(name), Postgres: &q}
}

// plain returns the source as the value that DecodeSource reads.
func (s SourceSpec) plain() any {
	name, hidden := IsSecret(s.URL)
	switch {
	case s.Kind == FromHTTP && (s.HTTP != nil || hidden && name != ""):
		var a HTTPAccess
		if s.HTTP != nil {
			a = *s.HTTP
		}
		type fields struct {
			URL     string            `json:"url" yaml:"url"`
			Bearer  string            `json:"bearer,omitempty" yaml:"bearer,omitempty"`
			Headers map[string]string `json:"headers,omitempty" yaml:"headers,omitempty"`
		}
		return map[string]fields{"http": {s.URL, a.Bearer, a.Headers}}
	case s.Kind == FromS3 && s.S3 != nil:
		type fields struct {
			URI       string `json:"uri" yaml:"uri"`
			Endpoint  string `json:"endpoint,omitempty" yaml:"endpoint,omitempty"`
			Region    string `json:"region,omitempty" yaml:"region,omitempty"`
			AccessKey string `json:"access_key,omitempty" yaml:"access_key,omitempty"`
			SecretKey string `json:"secret_key,omitempty" yaml:"secret_key,omitempty"`
		}
		return map[string]fields{"s3": {s.URL, s.S3.Endpoint, s.S3.Region, s.S3.AccessKey, s.S3.SecretKey}}
	case s.Kind == FromPostgres:
		return map[string]map[string]string{"postgres": {"dsn": s.Postgres.DSN, "query": s.Postgres.Query}}
	default:
		return s.String()
	}
}

// MarshalJSON writes a text where a text can say it, else a mapping.
func (s SourceSpec) MarshalJSON() ([]byte, error) { return json.Marshal(s.plain()) }

// MarshalYAML is MarshalJSON for YAML.
func (s SourceSpec) MarshalYAML() (any, error) { return s.plain(), nil }

// UnmarshalJSON reads what DecodeSource reads; "" is no source.
func (s *SourceSpec) UnmarshalJSON(b []byte) error {
	return s.decode(func(v any) error { return json.Unmarshal(b, v) })
}

// UnmarshalYAML is UnmarshalJSON for YAML.
func (s *SourceSpec) UnmarshalYAML(unmarshal func(any) error) error { return s.decode(unmarshal) }

func (s *SourceSpec) decode(into func(any) error) error {
	var v any
	if err := into(&v); err != nil {
		return fmt.Errorf("read data.source: %w", err)
	}
	*s = SourceSpec{}
	if v == nil || v == "" {
		return nil
	}
	read, problems := DecodeSource(v)
	if err := gristmill.Problems("", problems); err != nil {
		return err
	}
	*s = read
	return nil
}
