package service_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets/local"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

// A version or an alias is not there, and what is not there does not run.
func TestQualifiers(t *testing.T) {
	f := serve(t, config("deeds"))
	client := sdk(f)
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:test"
	for _, tc := range []struct{ name, qualifier, code, says string }{
		{"test", "", "", ""},
		{"test", "$LATEST", "", ""},
		{"test:$LATEST", "$LATEST", "", ""},
		{"function:test", "", "", ""},
		{"123456789012:function:test", "$LATEST", "", ""},
		{"us-east-1:123456789012:test", "", "", ""},
		{arn, "$LATEST", "", ""},
		{"test", "prod", "ResourceNotFoundException", arn + ":prod"},
		{"test", "1", "ResourceNotFoundException", arn + ":1"},
		{"test:prod", "", "ResourceNotFoundException", arn + ":prod"},
		{arn + ":7", "", "ResourceNotFoundException", arn + ":7"},
		{"test:prod", "prod", "ResourceNotFoundException", arn + ":prod"},
		{"test:prod", "$LATEST", "InvalidParameterValueException", "derived qualifier"},
		{"test:$LATEST", "prod", "InvalidParameterValueException", "derived qualifier"},
		{"test", "a b", "ValidationException", "'qualifier'"},
		{"te!st", "", "ValidationException", "'functionName'"},
		{"test:a:b", "", "ValidationException", "'functionName'"},
		{"other", "$LATEST", "ResourceNotFoundException", "function:other"},
		{"arn:aws:lambda:eu-west-1:123456789012:function:test", "", "ResourceNotFoundException", "eu-west-1"},
		{"210987654321:function:test", "", "ResourceNotFoundException", "210987654321"},
	} {
		before := f.meter("invocations")
		in := &lambda.InvokeInput{FunctionName: aws.String(tc.name), InvocationType: types.InvocationTypeRequestResponse}
		if tc.qualifier != "" {
			in.Qualifier = aws.String(tc.qualifier)
		}
		out, err := client.Invoke(t.Context(), in)
		if tc.code == "" {
			if err != nil || aws.ToString(out.ExecutedVersion) != "$LATEST" {
				t.Errorf("%s %s: %v", tc.name, tc.qualifier, err)
			}
			f.rested()
			continue
		}
		failed, ok := errors.AsType[smithy.APIError](err)
		if !ok || failed.ErrorCode() != tc.code || !strings.Contains(failed.ErrorMessage(), tc.says) {
			t.Errorf("%s %s: %v, want %s that says %s", tc.name, tc.qualifier, err, tc.code, tc.says)
		}
		if n := f.meter("invocations"); n != before {
			t.Errorf("%s %s ran", tc.name, tc.qualifier)
		}
	}
	// An asynchronous caller and a dry run hear it as well.
	for _, kind := range []string{"Event", "DryRun"} {
		if resp, text := f.call("POST", "/2015-03-31/functions/test/invocations?Qualifier=prod", "{}", "X-Amz-Invocation-Type", kind); resp.StatusCode != 404 {
			t.Errorf("%s: %s %s", kind, resp.Status, text)
		}
	}
}

// What the API has on AWS and not here never reaches the function.
func TestTheRestOfTheAPIIsNotTheFunctions(t *testing.T) {
	f := serve(t, config("url"))
	for _, path := range sdkPaths(t) {
		path = regexp.MustCompile(`{\w+}`).ReplaceAllString(path, "test")
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			if method == "POST" && strings.HasSuffix(path, "invocations") {
				continue
			}
			resp, text := f.call(method, path, "{}")
			var said struct{ Type, Message string }
			if err := json.Unmarshal([]byte(text), &said); err != nil || resp.StatusCode != 501 && resp.StatusCode != 405 || said.Message == "" ||
				resp.Header.Get("X-Amzn-Errortype") == "" || resp.Header.Get("X-Amzn-Requestid") == "" || resp.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s is answered %s %v %s, want 501 in AWS's form", method, path, resp.Status, resp.Header, text)
			}
		}
	}
	_, err := sdk(f).ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("test")})
	if failed, ok := errors.AsType[smithy.APIError](err); !ok || failed.ErrorCode() != "NotImplementedException" {
		t.Errorf("AWS's client hears %v", err)
	}
	if n := f.meter("environments started"); n != 0 {
		t.Errorf("%g environments started", n)
	}
	// A date alone does not make an API.
	if resp, text := f.call("GET", "/2024-01-01/report", ""); resp.StatusCode != 404 || text != "404 page not found\n" {
		t.Errorf("a path of the function's is answered %s %s", resp.Status, text)
	}
}

// sdkPaths returns the paths of the API that AWS's client knows.
func sdkPaths(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/lambda/schemas").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(strings.TrimSpace(string(dir)) + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`"(/\d{4}-\d{2}-\d{2}/[^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			paths = append(paths, found[1])
		}
	}
	if len(paths) < 40 {
		t.Fatalf("found %d paths of the API", len(paths))
	}
	return paths
}

// sdk is AWS's own client with another endpoint, which tries everything once.
func sdk(f *fixture) *lambda.Client {
	return lambda.New(lambda.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(f.url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

func TestSDKInvokes(t *testing.T) {
	f := serve(t, config("deeds"))
	out, err := sdk(f).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("arn:aws:lambda:us-east-1:123456789012:function:test:$LATEST"),
		Payload:      []byte(`{"Do":"log","Text":"a line of the log"}`), LogType: types.LogTypeTail,
	})
	if err != nil {
		t.Fatal(err)
	}
	var said reply
	if err := json.Unmarshal(out.Payload, &said); err != nil || said.PID == 0 {
		t.Errorf("payload %s, %v", out.Payload, err)
	}
	if out.StatusCode != 200 || out.FunctionError != nil || aws.ToString(out.ExecutedVersion) != "$LATEST" {
		t.Errorf("output %+v", out)
	}
	tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	want := []string{"START RequestId: " + said.ID + " Version: $LATEST", "a line of the log", "END RequestId: " + said.ID, "REPORT RequestId: " + said.ID + "\tDuration: "}
	lines := strings.Split(string(tail), "\n")
	if err != nil || len(lines) != 5 || lines[4] != "" {
		t.Fatalf("log %q, %v, want lines that begin %q", tail, err, want)
	}
	for i, line := range lines[:4] {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("log line %q, want that it begins %q", line, want[i])
		}
	}
}

func TestSDKSeesErrors(t *testing.T) {
	f := serve(t, config("deeds"))
	client := sdk(f)
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), Payload: []byte(`{"Do":"fail","Text":"oh no"}`)})
	if err != nil || aws.ToString(out.FunctionError) != "Unhandled" || out.StatusCode != 200 {
		t.Errorf("a function error: %+v, %v", out, err)
	}
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("other")})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || !strings.Contains(err.Error(), "Function not found: arn:aws:lambda:us-east-1:123456789012:function:other") {
		t.Errorf("an unknown function: %v", err)
	}
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), Payload: []byte("no JSON")})
	if _, ok := errors.AsType[*types.InvalidRequestContentException](err); !ok {
		t.Errorf("a payload that is no JSON: %v", err)
	}
	large := []byte(`"` + strings.Repeat("x", 6<<20) + `"`)
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), Payload: large})
	if _, ok := errors.AsType[*types.RequestTooLargeException](err); !ok || !strings.Contains(err.Error(), "6291456 bytes") {
		t.Errorf("a payload over 6 MB: %v", err)
	}
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), Payload: large[:1<<20+1], InvocationType: types.InvocationTypeEvent})
	if _, ok := errors.AsType[*types.RequestTooLargeException](err); !ok {
		t.Errorf("an asynchronous payload over 1 MB: %v", err)
	}
	// The least of the answers is that the largest payload is taken.
	large = large[:6<<20]
	large[len(large)-1] = '"'
	if out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), Payload: large}); err != nil || aws.ToString(out.FunctionError) == "" {
		t.Errorf("a payload of 6 MB: %v, want an answer of the function, which does not understand it", err)
	}
}

func TestSDKSeesThrottling(t *testing.T) {
	c := config("deeds")
	c.Concurrency = 1
	f := serve(t, c)
	done := f.later(request{Do: "sleep", For: time.Second})
	f.until("it works", func() bool { return busy(f.service.State()) == 1 })
	_, err := sdk(f).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test")})
	throttled, ok := errors.AsType[*types.TooManyRequestsException](err)
	if !ok || throttled.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("beyond the concurrency: %v", err)
	}
	<-done
}

func TestSDKInvokesLater(t *testing.T) {
	f := serve(t, config("die once", "TEST_FILE="+t.TempDir()+"/died"))
	client := sdk(f)
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), InvocationType: types.InvocationTypeDryRun})
	if err != nil || out.StatusCode != 204 {
		t.Errorf("a dry run: %+v, %v", out, err)
	}
	if n := f.meter("environments started"); n != 0 {
		t.Errorf("a dry run started %g environments", n)
	}
	out, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("test"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"Do":"log","Text":"done later"}`)})
	if err != nil || out.StatusCode != 202 || len(out.Payload) != 0 {
		t.Errorf("an event: %+v, %v", out, err)
	}
	f.until("it is done", func() bool { return strings.Contains(f.output.String(), "done later\n") })
}

func TestInvokeRefuses(t *testing.T) {
	f := serve(t, config("deeds"))
	if resp, text := f.invoke("{}", "X-Amz-Invocation-Type", "Sometimes"); resp.StatusCode != 400 || resp.Header.Get("X-Amzn-Errortype") != "InvalidParameterValueException" {
		t.Errorf("an unknown type: %s %s", resp.Status, text)
	}
	if resp, text := f.invoke("{}", "X-Amz-Log-Type", "Head"); resp.StatusCode != 400 || resp.Header.Get("X-Amzn-Errortype") != "InvalidParameterValueException" {
		t.Errorf("an unknown log type: %s %s", resp.Status, text)
	}
	if resp, text := f.call("GET", "/2015-03-31/functions/test/invocations", ""); resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" || resp.Header.Get("X-Amzn-Errortype") == "" {
		t.Errorf("GET: %s %v %s", resp.Status, resp.Header, text)
	}
	if resp, text := f.invoke("{}", "X-Amz-Client-Context", "e30"); resp.StatusCode != 400 {
		t.Errorf("a client context that is no base64: %s %s", resp.Status, text)
	}
}

// The log's tail has its last 4 KB, of this request alone.
func TestLogTail(t *testing.T) {
	f := serve(t, config("deeds"))
	f.do(request{Do: "log", Text: "before"})
	body, err := json.Marshal(request{Do: "log", Text: strings.Repeat("x", 5000)})
	if err != nil {
		t.Fatal(err)
	}
	resp, _ := f.invoke(string(body), "X-Amz-Log-Type", "Tail")
	tail, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result"))
	if err != nil || len(tail) != 4096 || strings.Contains(string(tail), "before") || !strings.Contains(string(tail), "xxx\nEND RequestId: ") {
		t.Errorf("log of %d bytes, %v: %.60q…", len(tail), err, tail)
	}
	if resp, _ := f.invoke("{}"); resp.Header.Get("X-Amz-Log-Result") != "" {
		t.Error("a log that nobody asked for")
	}
}

func TestReports(t *testing.T) {
	c := config("deeds")
	c.Reports = true
	f := serve(t, c)
	id := f.do(request{}).ID
	f.until("it is reported", func() bool { return strings.Contains(f.output.String(), "REPORT RequestId: "+id) })
	var begins, ends int
	for line := range strings.Lines(f.output.String()) {
		switch line {
		case fmt.Sprintf("START RequestId: %s Version: $LATEST\n", id):
			begins++
		case fmt.Sprintf("END RequestId: %s\n", id):
			ends++
		}
	}
	if begins != 1 || ends != 1 {
		t.Errorf("%d START and %d END lines:\n%s", begins, ends, f.output)
	}
}

// A report says what AWS's says, and in AWS's order: the most memory used, the
// initialisation where there was one, and how the service ended what it ended.
func TestReportsSayHowItEnded(t *testing.T) {
	for name, cgroup := range map[string]func() (*local.Cgroup, error){"in a cgroup": local.NewCgroup, "without": bare} {
		t.Run(name, func(t *testing.T) {
			c := config("deeds")
			c.Timeout = 2 * time.Second
			f := serve(t, c, cgroup)
			for _, tc := range []struct {
				want   request
				status string
			}{
				{request{}, ""},
				{request{Do: "fail", Text: "the handler's own"}, ""},
				{request{Do: "sleep", For: time.Hour}, "Status: timeout"},
				{request{Do: "exit", Size: 7}, `Status: error\tError Type: Runtime\.ExitError`},
			} {
				body, err := json.Marshal(tc.want)
				if err != nil {
					t.Fatal(err)
				}
				resp, _ := f.invoke(string(body), "X-Amz-Log-Type", "Tail")
				tail, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result"))
				if err != nil {
					t.Fatal(err)
				}
				memory := `Max Memory Used: (\d+) MB\t`
				if tc.want.Do == "exit" { // whose process is gone, and its account with it
					memory = `(?:Max Memory Used: (\d+) MB\t)?`
				}
				want := `REPORT RequestId: [0-9a-f-]{36}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB\t` + memory + `(?:Init Duration: \d+\.\d\d ms\t)?` + tc.status + `\n$`
				found := regexp.MustCompile(want).FindStringSubmatch(string(tail))
				if found == nil {
					t.Fatalf("%+v: the log ends %q, want %s", tc.want, tail, want)
				}
				if mb, _ := strconv.Atoi(found[1]); tc.want.Do != "exit" && (mb < 3 || mb > 512) {
					t.Errorf("%+v: used %d MB", tc.want, mb)
				}
			}
		})
	}
}

// Where no environment came to be, the report says why, and what it held.
func TestReportOfAFailedStart(t *testing.T) {
	var without error
	f := serve(t, config("init error"), func() (group *local.Cgroup, err error) {
		group, without = local.NewCgroup()
		return group, without
	})
	resp, _ := f.invoke("{}", "X-Amz-Log-Type", "Tail")
	tail, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result"))
	if err != nil || !strings.HasPrefix(string(tail), "START RequestId: ") || !strings.Contains(string(tail), "Status: error\tError Type: Model.Missing\n") {
		t.Errorf("log %q, %v", tail, err)
	}
	if without == nil && !strings.Contains(string(tail), "\tMax Memory Used: ") {
		t.Errorf("log %q does not say what the environment held", tail)
	}
}

// A function that goes on after its answer is ended by the request's deadline.
func TestDeadlineAfterTheAnswer(t *testing.T) {
	c := config("raw")
	c.Timeout = 500 * time.Millisecond
	f := serve(t, c)
	resp, text := f.invoke(`[["POST","invocation/ID/response","\"early\""],["SLEEP","",""]]`)
	if resp.StatusCode != 200 || text != `"early"` {
		t.Errorf("answered %s %s", resp.Status, text)
	}
	f.until("its environment is ended", func() bool { return len(f.service.State().Environments) == 0 })
	f.until("it is billed for all of its time", func() bool { return f.meter("duration") >= 500 })
}
