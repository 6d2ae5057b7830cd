package main

import (
	"io"
	"sync"
)

// shared is a writer for the log, the function's processes and whatever else
// writes at the same time.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}
