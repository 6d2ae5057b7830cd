// Package functionurl is the form in which a Lambda function URL hands an HTTP
// request to a function and takes its answer back: payload format 2.0, both
// sides of it. The caller's side, which AWS keeps to itself, makes an event of
// a request (Event) and an HTTP answer of what the function returned (Read,
// ReadStream); targets/lambda is built on it. The function's side (Handler)
// lets an http.Handler serve those events; the reference server is built on
// that.
//
// The format is AWS's, see "Invoking Lambda function URLs" in the Lambda
// Developer Guide. Its types are those of aws-lambda-go.
package functionurl

import (
	"mime"
	"strings"
	"unicode/utf8"
)

// Version is the version of the payload format.
const Version = "2.0"

// StreamType is the content type by which a function says that its answer is
// streamed: a JSON prelude, eight zero bytes, the body.
const StreamType = "application/vnd.awslambda.http-integration-response"

// isText reports whether a body travels as the text that it is. Others travel
// in base64: those that are no UTF-8, and those that their content type calls
// binary. Without a content type the bytes decide.
func isText(contentType string, body []byte) bool {
	return textual(contentType) && utf8.Valid(body)
}

// textual reports whether the content type names text.
func textual(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}
