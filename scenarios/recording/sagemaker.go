package recording

import (
	"encoding/base64"
	"strings"
	"time"
)

// sageMaker is what an endpoint of SageMaker with data capture writes into S3.
func sageMaker() Format {
	return Format{
		Name: "sagemaker", Doc: "Data capture of an Amazon SageMaker endpoint (JSON lines).",
		unit: "line", answers: true,
		starts: func(head []byte) bool { return firstKeys(head)["captureData"] },
		read:   readSageMaker,
	}
}

// captured is one line.
type captured struct {
	CaptureData struct {
		EndpointInput  *capturedSide `json:"endpointInput"`
		EndpointOutput *capturedSide `json:"endpointOutput"`
	} `json:"captureData"`
	EventMetadata struct {
		InferenceTime    string   `json:"inferenceTime"`
		CustomAttributes []string `json:"customAttributes"`
	} `json:"eventMetadata"`
}

type capturedSide struct {
	ObservedContentType string `json:"observedContentType"`
	Data                string `json:"data"`
	Encoding            string `json:"encoding"`
}

const noInput = "lines without the input of the endpoint"

func readSageMaker(in *input, yield func(*Request) error) error {
	return in.requests(yield, func(line []byte, last bool) (*Request, string, error) {
		var c captured
		if why := unmarshal(line, &c, last); why != "" {
			return nil, why, nil
		}
		given, answered := c.CaptureData.EndpointInput, c.CaptureData.EndpointOutput
		if given == nil {
			return nil, noInput, nil
		}
		r := &Request{Method: "POST", Target: "/invocations"}
		var ok bool
		if r.Body, ok = given.bytes(); !ok {
			return nil, unreadBase64, nil
		}
		r.addHeader("Content-Type", given.ObservedContentType)
		r.addHeader("X-Amzn-SageMaker-Custom-Attributes", strings.Join(c.EventMetadata.CustomAttributes, ","))
		if answered != nil {
			if answer, ok := answered.bytes(); ok {
				r.Answer = answer
				r.addHeader("Accept", mediaType(answered.ObservedContentType))
			}
		}
		r.At, _ = time.Parse(time.RFC3339Nano, c.EventMetadata.InferenceTime) // else the zero time
		return r, "", nil
	})
}

// bytes are those that were sent; false where they are not what the encoding says.
func (s *capturedSide) bytes() ([]byte, bool) {
	if s.Encoding != "BASE64" {
		return []byte(s.Data), true
	}
	data, err := base64.StdEncoding.DecodeString(s.Data)
	return data, err == nil
}

// mediaType is a content type without its parameters.
func mediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}
