// Package timer waits for points in time to some microseconds, where the
// runtime's own sleeps are up to a millisecond late. The load generator waits
// with it for each request to be due, and the reference server's clock model for
// each answer.
package timer
