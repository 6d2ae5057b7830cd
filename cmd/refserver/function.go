package main

import (
	"io"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"servebench/targets/functionurl"
)

// runtimeAPI is the variable that tells a function of AWS Lambda where its work
// comes from.
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// serveFunction serves as a function of AWS Lambda, which answers the requests
// to its URL and listens nowhere. Making the server is the initialisation. Only
// a fault there returns: Lambda ends the program without a word.
func serveFunction(opts *serveOptions, began time.Time, stderr io.Writer) error {
	server, log, err := newServer(opts, stderr)
	if err != nil {
		return err
	}
	log.Info("asking Lambda for work", about(server, opts, began)...)
	lambda.Start(functionurl.Handler(server.Handler()))
	return nil
}
