package scenarios

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"servebench/scenarios/decode"
)

// TestAuth reads each kind of credentials, and writes no secret of it down.
func TestAuth(t *testing.T) {
	cat := withVariables(map[string]string{"TOKEN": "tok-sesame", "PASSWORD": "pw: sesame", "KEY": "key-sesame"})
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:pw: sesame"))
	for _, tt := range []struct{ http, header, kept string }{
		{"{auth: {bearer: '${TOKEN}'}}", "Bearer tok-sesame", "bearer: \"${TOKEN}\""},
		{"{auth: {bearer: tok-sesame}}", "Bearer tok-sesame", "bearer: ${secret:"},
		{"{auth: {basic: {user: me, password: '${PASSWORD}'}}}", basic, "password: \"${PASSWORD}\""},
		{"{auth: {basic: {user: me, password: 'pw: sesame'}}}", basic, "password: ${secret:"},
		{"{auth: {basic: {user: '${KEY}'}}}", "Basic " + base64.StdEncoding.EncodeToString([]byte("key-sesame:")), "user: \"${KEY}\""},
		{"{auth: {aws: {service: sagemaker, region: eu-central-1}}}", "", "service: sagemaker"},
		{"{headers: {x-api-key: '${KEY}', X-Team: fraud}}", "", "X-Api-Key: \"${KEY}\""},
		{"{headers: {Authorization: Bearer tok-sesame}}", "", "Authorization: ${secret:"},
	} {
		s, err := Parse("f", []byte(minimal+"http: "+tt.http+"\n"), cat)
		if err != nil {
			t.Errorf("%s: %v", tt.http, err)
			continue
		}
		if got := s.HTTP.Auth.Header(); got != tt.header {
			t.Errorf("%s: Authorization: %q, want %q", tt.http, got, tt.header)
		}
		text, err := s.YAML()
		if err != nil || strings.Contains(string(text), "sesame") || !strings.Contains(strings.ReplaceAll(string(text), "\"${secret", "${secret"), tt.kept) {
			t.Errorf("%s is written as\n%s\n%v, want %s in it and no secret", tt.http, text, err, tt.kept)
		}
		_, credentials, _ := strings.Cut(tt.header, " ")
		if clean := s.Secrets.Redact("the server says " + credentials + " and tok-sesame"); tt.header != "" && strings.Contains(clean, credentials) {
			t.Errorf("%s: %s", tt.http, clean)
		}
		if err := validator(t).Validate(asInstance(t, text)); err != nil {
			t.Errorf("the schema does not take\n%s\n%v", text, err)
		}
	}
}

func TestAuthFaults(t *testing.T) {
	const want = "one of bearer, basic and aws"
	for http, fault := range map[string]string{
		"{auth: {}}":                                                        "http.auth: no credentials in it; want bearer, basic or aws",
		"{auth: {bearer: a, basic: {user: b}}}":                             "http.auth: more than one kind of credentials; want " + want,
		"{auth: {bearer: '${NONE}'}}":                                       "http.auth.bearer: the token is empty; want a token, such as ${TOKEN}",
		"{auth: {bearer: Bearer abc}}":                                      "http.auth.bearer: the token begins with Bearer, which servebench adds; want the token alone",
		"{auth: {bearer: a b}}":                                             "http.auth.bearer: the token has white space or other characters in it that no header field can hold; want the token alone",
		"{auth: {basic: {user: 'a:b'}}}":                                    `http.auth.basic.user: "a:b" has a colon in it, where the password would begin; want a name without a colon`,
		"{auth: {basic: {password: p}}}":                                    "http.auth.basic.user: missing; want a name without a colon",
		"{auth: {aws: {region: eu-central-1}}}":                             "http.auth.aws.service: missing; want a service's name in signatures, such as sagemaker",
		"{auth: {aws: {service: SageMaker}}}":                               `http.auth.aws.service: "SageMaker" has other characters than lower-case letters, digits and -; want a service's name in signatures, such as sagemaker`,
		"{auth: {aws: {service: lambda, region: eu central}}}":              `http.auth.aws.region: "eu central" has other characters than lower-case letters, digits and -; want a region, such as eu-central-1`,
		"{auth: {awz: {}}}":                                                 `http.auth.awz: unknown key (did you mean "aws"?); want one of bearer, basic, aws`,
		"{auth: {bearer: a}, headers: {authorization: b}}":                  "http.headers.Authorization: http.auth sets this field; want one or the other",
		"{headers: {Content-Length: 3}}":                                    "http.headers.Content-Length: the client itself sets this header field; want other fields",
		"{headers: {A: 1}}\ntemplate: {headers: {A: 2}}":                    "http.headers.A: template.headers sets this field, too; want one or the other",
		"{auth: {bearer: a}}\ntemplate: {headers: {authorization: Bearer}}": "template.headers.Authorization: http.auth sets this field; want one or the other",
	} {
		text := minimal + "http: " + http + "\n"
		if strings.Contains(http, "template") {
			text = strings.Replace(templated, "template: {method: GET, path: /}", "http: "+http, 1)
		}
		_, err := Parse("f", []byte(text), withVariables(map[string]string{"NONE": ""}))
		faults, _ := errors.AsType[decode.Faults](err)
		if len(faults) != 1 || !strings.HasSuffix(err.Error(), fault) {
			t.Errorf("%s: %v\nwant %s", http, err, fault)
		}
	}
}

// TestServersMayWantOthers lets the two servers of an A/B test want different credentials.
func TestServersMayWantOthers(t *testing.T) {
	parse := func(http string) *Scenario {
		s, err := Parse("f", []byte(minimal+"http: "+http+"\n"), testCatalogue())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ofServer, ofLoad := Differences(parse("{auth: {bearer: a}, headers: {A: 1}}"), parse("{auth: {basic: {user: b}}, headers: {A: 2}, keep_alive: false}"))
	if len(ofLoad) != 1 || ofLoad[0].Key != "http.keep_alive" || len(ofServer) == 0 {
		t.Errorf("of the server %+v, of the load %+v", ofServer, ofLoad)
	}
}
