// Package corpus holds the requests of a run, materialised before the load
// starts, each with the answers expected to it. It stands between the
// generators and protocols on one side and the attack on the other.
package corpus
