package attack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack/transport"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
)

// answerOf is an answer of an instance, by its header field or its address.
func answerOf(id, address string, done time.Duration) *transport.Outcome {
	o := &transport.Outcome{Status: http.StatusOK, Header: http.Header{}, Address: address, Done: done}
	if id != "" {
		o.Header.Set(protocol.InstanceIDHeader, id)
	}
	return o
}

func TestReplicas(t *testing.T) {
	const s = time.Second
	long := strings.Repeat("x", 10*longestID)
	for name, c := range map[string]struct {
		answers []*transport.Outcome
		failed  map[int]bool
		want    []record.Replica
	}{
		"nothing said": {answers: []*transport.Outcome{answerOf("", "", s), answerOf("", "", 2*s)}},
		"in any order of their ends": {
			answers: []*transport.Outcome{answerOf("b", "", 5*s), answerOf("a", "", 3*s), answerOf("b", "", 4*s), answerOf("a", "", 9*s)},
			want:    []record.Replica{{ID: "a", First: 3 * s, Last: 9 * s, OK: 2}, {ID: "b", First: 4 * s, Last: 5 * s, OK: 2}},
		},
		"errors are no first answers": {
			answers: []*transport.Outcome{answerOf("a", "", s), answerOf("b", "", 2*s), answerOf("b", "", 3*s)},
			failed:  map[int]bool{0: true, 1: true},
			want:    []record.Replica{{ID: "b", First: 3 * s, Last: 3 * s, OK: 1, Failed: 1}, {ID: "a", Failed: 1}},
		},
		"by address, and by name where there is one": {
			answers: []*transport.Outcome{answerOf("", "10.0.0.1:80", s), answerOf("pod", "10.0.0.2:80", 2*s)},
			want:    []record.Replica{{ID: "10.0.0.1:80", First: s, Last: s, OK: 1}, {ID: "pod", First: 2 * s, Last: 2 * s, OK: 1}},
		},
		"some say nothing": {
			answers: []*transport.Outcome{answerOf("a", "", s), answerOf("", "", 2*s)},
			want:    []record.Replica{{ID: "a", First: s, Last: s, OK: 1}, {First: 2 * s, Last: 2 * s, OK: 1}},
		},
		"long names": {
			answers: []*transport.Outcome{answerOf(long, "", s), answerOf(long, "", 2*s)},
			want:    []record.Replica{{ID: long[:longestID], First: s, Last: 2 * s, OK: 2}},
		},
	} {
		var rs replicas
		for i, o := range c.answers {
			rs.add(o, !c.failed[i])
		}
		if diff := cmp.Diff(c.want, rs.byFirst()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestReplicasBeforeFaults counts what each replica answered shortly before each fault.
func TestReplicasBeforeFaults(t *testing.T) {
	const s = time.Second
	rs := replicas{faults: []time.Duration{10 * s, 12 * s}}
	for _, done := range []time.Duration{4 * s, 5 * s, 9 * s, 10 * s, 12 * s} {
		rs.add(answerOf("a", "", done), done != 9*s)
	}
	rs.add(answerOf("b", "", 11*s), true)
	want := []record.Replica{
		{ID: "a", First: 4 * s, Last: 12 * s, OK: 4, Failed: 1, Before: []record.AnswersBefore{{Fault: 10 * s, Answers: 2}, {Fault: 12 * s, Answers: 2}}},
		{ID: "b", First: 11 * s, Last: 11 * s, OK: 1, Before: []record.AnswersBefore{{Fault: 12 * s, Answers: 1}}},
	}
	if diff := cmp.Diff(want, rs.byFirst()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReplicasAreBounded expects the answers of a server that calls itself otherwise each
// time to be counted, in bounded memory.
func TestReplicasAreBounded(t *testing.T) {
	var rs replicas
	const n = 3 * mostReplicas
	for i := range n {
		rs.add(answerOf(fmt.Sprint("pod-", i), "", time.Duration(i+1)), true)
	}
	all, counted := rs.byFirst(), int64(0)
	for _, r := range all {
		counted += r.OK
	}
	if last := all[len(all)-1]; len(all) != mostReplicas+1 || counted != n || last.ID != "" || last.OK != n-mostReplicas {
		t.Errorf("%d replicas with %d answers, the last %+v; want %d with %d, and the rest together", len(all), counted, last, mostReplicas+1, n)
	}
}

// BenchmarkReplicas books answers as a server with a single instance gives them, and one
// whose instances take turns.
func BenchmarkReplicas(b *testing.B) {
	for _, instances := range []int{1, 3} {
		b.Run(fmt.Sprint(instances), func(b *testing.B) {
			var rs replicas
			var answers []*transport.Outcome
			for i := range instances {
				answers = append(answers, answerOf(fmt.Sprint("refserver-7d9c5b8f6d-abc1", i), "", time.Second))
			}
			b.ReportAllocs()
			for i := range b.N {
				rs.add(answers[i%instances], true)
			}
		})
	}
}
