// Command pause holds the namespaces of a pod: it waits until it is told to end. It is
// all that the image of a pod's sandbox has.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}
