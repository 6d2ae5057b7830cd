package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"servebench/scenarios"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/targets"
	"servebench/targets/protocol"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	token     = "token/with+signs=="
)

// awsEnvironment sets what AWS's tools look at: nothing of this machine's.
func awsEnvironment(t *testing.T, variables map[string]string) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, variables[name])
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func open(t *testing.T, h scenarios.HTTP, keeper *secret.Keeper) targets.Credentials {
	t.Helper()
	c, _, err := Open(t.Context(), &scenarios.Scenario{HTTP: h}, keeper)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// server answers with 200 where a request is as a test wants it, which it says.
func server(t *testing.T, want func(received) error) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			if r.ContentLength > 0 {
				r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
			}
			err = want(received{r.Method, r.RequestURI, r.Host, r.Header, string(body)})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
		}
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// TestKeysOfSecrets has the keys of a scenario that a server may refuse, and no others.
func TestKeysOfSecrets(t *testing.T) {
	for _, tt := range []struct {
		http scenarios.HTTP
		want string
	}{
		{scenarios.HTTP{Headers: scenarios.Headers{"Accept": "a"}}, ""},
		{scenarios.HTTP{Headers: scenarios.Headers{"X-Api-Key": "k", "Accept": "a", "Authorization": "b"}}, "http.headers.Authorization http.headers.X-Api-Key"},
		{scenarios.HTTP{Auth: &scenarios.Auth{Bearer: "b"}}, "http.auth.bearer"},
		{scenarios.HTTP{Auth: &scenarios.Auth{Basic: &scenarios.Basic{User: "u"}}}, "http.auth.basic"},
		{scenarios.HTTP{Auth: &scenarios.Auth{AWS: &scenarios.AWS{}}}, "http.auth.aws"},
	} {
		if got := strings.Join(secretKeys(tt.http), " "); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.http, got, tt.want)
		}
	}
}

// send sends a request by every client, and as targets ask whether a server is ready.
func send(t *testing.T, name, url string, r protocol.Request, c targets.Credentials) {
	t.Helper()
	for client, options := range map[string]transport.Options{"own": {}, "net/http": {Standard: true}, "HTTP/2": {Version: transport.HTTP2}} {
		sender, err := transport.New(transport.Config{Endpoint: targets.Endpoint{URL: url}, Connections: 1, Options: options})
		if err != nil {
			t.Fatal(err)
		}
		m, err := transport.NewMessage(url, r, false, c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o := &transport.Outcome{}
		if err := sender.Send(t.Context(), m, o); err != nil || o.Status != 200 {
			t.Errorf("%s, %s: status %d, %v: %s", name, client, o.Status, err, o.Body)
		}
		sender.Close()
	}
	if err := targets.CheckReady(t.Context(), http.DefaultClient, url, "/ready", c, false); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestSignatures has every signature verified by a server, whatever is signed.
func TestSignatures(t *testing.T) {
	header := http.Header{"Content-Type": {"application/json"}, "X-Spaced": {"a  b   c"}, "Accept": {"a", "b"}}
	long := strings.Repeat("0123456789", 5000)
	requests := map[string]protocol.Request{
		"GET":                    {Method: "GET", Path: "/ping"},
		"POST":                   {Method: "POST", Path: "/endpoints/credit/invocations", Header: header, Body: []byte(`{"a": 1}`)},
		"POST of nothing":        {Method: "POST", Path: "/"},
		"long":                   {Method: "POST", Path: "/x", Body: []byte(long)},
		"escaped path":           {Method: "POST", Path: "/a%20b/c%2Fd/%E2%82%AC:predict", Body: []byte("x")},
		"path with other signs":  {Method: "GET", Path: "/v1/models/m(1)*!$&'@,;="},
		"query":                  {Method: "GET", Path: "/?b=2&a=1&c=x%20y&d=%E2%82%AC&e&f=a+b&a=0"},
		"query with other signs": {Method: "GET", Path: "/x?q=(a)*!'&t=a~b/c:d@e"},
	}
	for _, c := range []struct {
		service, token string
		headers        scenarios.Headers
	}{
		{"sagemaker", "", nil}, {"sagemaker", token, scenarios.Headers{"X-Amzn-Sagemaker-Target-Variant": "b", "Host": "runtime.sagemaker.eu-central-1.amazonaws.com"}},
		{"lambda", token, nil}, {"aoss", token, nil}, {"vpc-lattice-svcs", "", nil}, {"s3", token, nil},
	} {
		awsEnvironment(t, map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": c.token, "AWS_REGION": "eu-central-1"})
		credentials := open(t, scenarios.HTTP{Headers: c.headers, Auth: &scenarios.Auth{AWS: &scenarios.AWS{Service: c.service}}}, new(secret.Keeper))
		s := server(t, func(r received) error {
			scope := "/" + time.Now().UTC().Format("20060102") + "/eu-central-1/" + c.service + "/aws4_request"
			if got := r.header.Get("X-Amz-Security-Token"); got != c.token {
				return fmt.Errorf("session token %q, want %q", got, c.token)
			}
			if want := c.headers["Host"]; want != "" && r.host != want {
				return fmt.Errorf("host %s, want %s", r.host, want)
			}
			if !strings.Contains(r.header.Get("Authorization"), "Credential="+accessKey+scope) {
				return fmt.Errorf("%s is not for %s", r.header.Get("Authorization"), scope)
			}
			return r.verify(secretKey)
		})
		for name, r := range requests {
			if c.service == "s3" && name == "path with other signs" {
				continue // which its documentation leaves open
			}
			send(t, c.service+", "+name, s.URL, r, credentials)
		}
	}
}

// TestSignaturesAreMadeAnew signs with the time and the credentials of the moment, and
// keeps all that they are made from out of what is written.
func TestSignaturesAreMadeAnew(t *testing.T) {
	keeper := new(secret.Keeper)
	now := time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC)
	var current aws.Credentials
	var fails error
	awsEnvironment(t, map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": "r"})
	s, err := openSigner(t.Context(), &scenarios.Scenario{HTTP: scenarios.HTTP{Auth: &scenarios.Auth{AWS: &scenarios.AWS{Service: "lambda"}}}}, keeper)
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return now }
	s.provider = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return current, fails })
	for i, key := range []string{"first-secret-key", "second-secret-key"} {
		now = now.Add(time.Duration(i) * time.Hour)
		current = aws.Credentials{AccessKeyID: fmt.Sprint("AKID", i, "EXAMPLE"), SecretAccessKey: key, SessionToken: "session-of-" + key}
		r := httptest.NewRequest("POST", "http://h/x", nil)
		if err := s.sign(r, []byte("body")); err != nil {
			t.Fatal(err)
		}
		if got := (received{"POST", "/x", "h", r.Header, "body"}); got.verify(key) != nil || r.Header.Get("X-Amz-Date") != now.Format("20060102T150405Z") {
			t.Errorf("%v: %v", got.verify(key), r.Header)
		}
		_, signed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
		said := fmt.Sprintf("refused: %q, key %s", r.Header, key)
		clean := keeper.Redact(said)
		for _, hidden := range []string{signed, key, "session-of", current.AccessKeyID} {
			if strings.Contains(clean, hidden) {
				t.Errorf("%s shows in %s", hidden, clean)
			}
		}
	}
	fails = errors.New("the role is gone")
	if err := s.sign(httptest.NewRequest("GET", "http://h/", nil), nil); err == nil || err.Error() != "sign the request: no AWS credentials: the role is gone" {
		t.Error(err)
	}
	fails = nil
	if err := s.sign(httptest.NewRequest("GET", "http://h/?a;b=1", nil), nil); err == nil || !strings.Contains(err.Error(), "write a semicolon as %3B") {
		t.Error(err)
	}
}

// TestSignaturesTogether signs by many goroutines.
func TestSignaturesTogether(t *testing.T) {
	awsEnvironment(t, map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": "r"})
	c := open(t, scenarios.HTTP{Auth: &scenarios.Auth{AWS: &scenarios.AWS{Service: "lambda"}}}, new(secret.Keeper))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			body := fmt.Sprint("body ", i)
			for range 50 {
				r := httptest.NewRequest("POST", "http://h/x", nil)
				if err := c.Put(r, []byte(body)); err != nil {
					t.Error(err)
				}
				if err := (received{"POST", "/x", "h", r.Header, body}).verify(secretKey); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestAWSFaults says what of the configuration of AWS is missing.
func TestAWSFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = key-of-work\nregion = eu-west-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey}
	for _, c := range []struct {
		environment map[string]string
		aws         scenarios.AWS
		key, want   string // "" : it works
	}{
		{keys, scenarios.AWS{Service: "lambda"}, "http.auth.aws.region", "neither the scenario nor the AWS configuration names a region; want a region, such as eu-central-1, here or as AWS_REGION"},
		{keys, scenarios.AWS{Service: "lambda", Region: "eu-central-1"}, "", "Signature Version 4 for lambda in eu-central-1 (EnvConfigCredentials): every request is signed before the load, and again every 2m0s while it is sent"},
		{nil, scenarios.AWS{Service: "lambda", Region: "r"}, "http.auth.aws", "no AWS credentials were found: "},
		{map[string]string{"AWS_SHARED_CREDENTIALS_FILE": file}, scenarios.AWS{Service: "lambda", Profile: "work"}, "", "lambda in eu-west-1 (SharedConfigCredentials"},
		{map[string]string{"AWS_SHARED_CREDENTIALS_FILE": file}, scenarios.AWS{Service: "lambda", Profile: "wrok"}, "http.auth.aws.profile", `the AWS configuration has no profile "wrok"`},
	} {
		awsEnvironment(t, c.environment)
		_, facts, err := Open(t.Context(), &scenarios.Scenario{HTTP: scenarios.HTTP{Auth: &scenarios.Auth{AWS: &c.aws}}}, new(secret.Keeper))
		faults, _ := errors.AsType[decode.Faults](err)
		switch {
		case c.key == "" && (err != nil || !strings.Contains(facts[0].Value, c.want)):
			t.Errorf("%+v: %v and %v, want %s", c.aws, facts, err, c.want)
		case c.key != "" && (len(faults) != 1 || faults[0].Field != c.key || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: %v, want %s: %s", c.aws, err, c.key, c.want)
		}
	}
}

// TestFields puts header fields, tokens and passwords on requests, and says nothing of their
// values.
func TestFields(t *testing.T) {
	for _, c := range []struct {
		http  scenarios.HTTP
		want  map[string]string
		facts string
	}{
		{scenarios.HTTP{}, map[string]string{"Content-Type": "text/plain", "Authorization": ""}, ""},
		{scenarios.HTTP{Headers: scenarios.Headers{"X-Api-Key": "sesame", "Content-Type": "text/csv", "Host": "models.example", "User-Agent": "me"}},
			map[string]string{"X-Api-Key": "sesame", "Content-Type": "text/csv", "Host": "models.example", "User-Agent": "me"}, "header fields: Content-Type, Host, User-Agent, X-Api-Key"},
		{scenarios.HTTP{Auth: &scenarios.Auth{Bearer: "sesame"}}, map[string]string{"Authorization": "Bearer sesame"}, "credentials: a bearer token"},
		{scenarios.HTTP{Auth: &scenarios.Auth{Basic: &scenarios.Basic{User: "me", Password: "open sesame"}}},
			map[string]string{"Authorization": "Basic bWU6b3BlbiBzZXNhbWU="}, "credentials: user me with a password (Basic)"},
	} {
		credentials, facts, err := Open(t.Context(), &scenarios.Scenario{HTTP: c.http}, new(secret.Keeper))
		if err != nil || credentials.Lifetime != 0 {
			t.Fatal(credentials, err)
		}
		var said []string
		for _, f := range facts {
			said = append(said, f.Name+": "+f.Value)
		}
		if got := strings.Join(said, "; "); got != c.facts {
			t.Errorf("facts %q, want %q", got, c.facts)
		}
		s := server(t, func(r received) error {
			r.header.Set("Host", r.host)
			for name, want := range c.want {
				if got := r.header.Values(name); strings.Join(got, "|") != want && r.target != "/ready" {
					return fmt.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			return nil
		})
		r := protocol.Request{Method: "POST", Path: "/", Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("x")}
		send(t, c.facts, s.URL, r, credentials)
		if got := r.Header.Get("Content-Type"); got != "text/plain" || len(r.Header) != 1 {
			t.Errorf("the request itself is changed: %v", r.Header)
		}
	}
}

// BenchmarkSignature is what a request of one row costs before the load, and again every two
// minutes beside it.
func BenchmarkSignature(b *testing.B) {
	b.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	b.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	b.Setenv("AWS_SESSION_TOKEN", strings.Repeat("token/", 100))
	b.Setenv("AWS_REGION", "eu-central-1")
	c, _, err := Open(b.Context(), &scenarios.Scenario{HTTP: scenarios.HTTP{Auth: &scenarios.Auth{AWS: &scenarios.AWS{Service: "sagemaker"}}}}, new(secret.Keeper))
	if err != nil {
		b.Fatal(err)
	}
	r := protocol.Request{Method: "POST", Path: "/endpoints/credit/invocations", Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(strings.Repeat("0.25,", 50))}
	for name, credentials := range map[string]targets.Credentials{"without": {}, "with": c} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := transport.NewMessage("https://runtime.sagemaker.eu-central-1.amazonaws.com", r, false, credentials); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
