// Command servebench puts one model server on several deployment targets,
// drives each with the same synthetic load, and reports latency, throughput,
// cold start, accuracy and errors side by side.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"servebench/cmd/cli"
)

func main() {
	log.SetOutput(io.Discard) // where net/http says what errors say as well
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. Data goes to stdout,
// everything about the doing to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return cli.Execute(ctx, newRoot(), args, nil, stdout, stderr)
}

// say writes a message to stderr.
func say(stderr io.Writer, message string) { cli.Say(stderr, "servebench", message) }
