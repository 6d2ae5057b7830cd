package service_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
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
