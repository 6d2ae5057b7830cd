package functionurl_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"servebench/targets/functionurl"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

// functionURL is one.
func functionURL() functionurl.URL {
	return functionurl.URL{Account: "123456789012", ID: "abc", Domain: "abc.lambda-url.us-east-1.on.aws"}
}

func TestEvent(t *testing.T) {
	r := httptest.NewRequest("POST", "http://abc.example:99/a%20b/c?x=1&x=2&y=%C3%A9&flag", strings.NewReader("hello"))
	r.RemoteAddr = "192.0.2.7:4711"
	r.Header.Add("Accept", "a")
	r.Header.Add("Accept", "b")
	r.Header.Add("Cookie", "one=1; two=2")
	r.Header.Add("Cookie", "three=3")
	r.Header.Set("User-Agent", "tester")
	at := time.Date(2020, 3, 12, 19, 3, 58, 390e6, time.UTC)
	got := functionURL().Event(r, []byte("hello"), "id-1", at)
	want := &events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: "/a%20b/c", RawQueryString: "x=1&x=2&y=%C3%A9&flag",
		Cookies:               []string{"one=1", "two=2", "three=3"},
		Headers:               map[string]string{"accept": "a,b", "user-agent": "tester", "host": "abc.example:99", "content-length": "5"},
		QueryStringParameters: map[string]string{"x": "1,2", "y": "é", "flag": ""},
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "123456789012", RequestID: "id-1", APIID: "abc", DomainName: "abc.lambda-url.us-east-1.on.aws", DomainPrefix: "abc",
			Time: "12/Mar/2020:19:03:58 +0000", TimeEpoch: 1584039838390,
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: "POST", Path: "/a%20b/c", Protocol: "HTTP/1.1", SourceIP: "192.0.2.7", UserAgent: "tester",
			},
		},
		Body: "hello",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestBodiesTravelAsTextOrBase64(t *testing.T) {
	for _, c := range []struct {
		contentType, body string
		base64            bool
	}{
		{"", "text", false},
		{"", "\xff", true},
		{"application/json", `{"a":"é"}`, false},
		{"application/json", "\xff", true},
		{"application/vnd.api+json; charset=utf-8", "{}", false},
		{"text/csv", "a,b", false},
		{"application/octet-stream", "text", true},
		{"application/x-www-form-urlencoded", "a=b", true},
		{"no type at all;;", "text", true},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", c.contentType)
		if got := functionURL().Event(r, []byte(c.body), "id", time.Now()).IsBase64Encoded; got != c.base64 {
			t.Errorf("%q of type %q is in base64: %t, want %t", c.body, c.contentType, got, c.base64)
		}
	}
}

// The event's JSON has the fields that AWS documents, absent ones left out.
func TestEventHasAWSsFields(t *testing.T) {
	text, err := json.Marshal(functionURL().Event(httptest.NewRequest("GET", "/", nil), nil, "id", time.Unix(0, 0)))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":"2.0","rawPath":"/","rawQueryString":"","headers":{"host":"example.com"},` +
		`"requestContext":{"accountId":"123456789012","requestId":"id","apiId":"abc","domainName":"abc.lambda-url.us-east-1.on.aws","domainPrefix":"abc",` +
		`"time":"01/Jan/1970:00:00:00 +0000","timeEpoch":0,"http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":""}},"isBase64Encoded":false}`
	if string(text) != want {
		t.Errorf("event\n%s\nwant\n%s", text, want)
	}
}
