package protocol

import "context"

// InjectHeader is the header field in which a request asks the reference server, where that was
// told to listen to it, for faults, such as "wrong=1%, latency=exponential:20ms". Answers that a
// fault may have had a part in name it in InjectedHeader.
const (
	InjectHeader   = "X-Inject-Fault"
	InjectedHeader = "X-Injected-Fault"
)

// alterKey is the key of a context whose request is to be answered wrongly.
type alterKey struct{}

// Altered returns a context whose inference request is answered wrongly, and plausibly: with the
// probabilities of other classes, or with another value.
func Altered(ctx context.Context) context.Context {
	return context.WithValue(ctx, alterKey{}, true)
}

// Alter makes the answers of an inference request wrong, in place, if its context is Altered.
// scores are the model's, Scores for each row: each class gets the probability of the next one,
// and a value becomes 1 more than its half.
func (m Model) Alter(ctx context.Context, scores []float32) {
	if ctx.Value(alterKey{}) == nil {
		return
	}
	classes := m.Scores()
	for start := 0; start+classes <= len(scores); start += classes {
		row := scores[start : start+classes]
		if len(m.Schema.Classes) < 2 {
			row[0] = row[0]/2 + 1
			if row[0] == 2 { // which 2 stays
				row[0] = 3
			}
			continue
		}
		first := row[0]
		copy(row, row[1:])
		row[classes-1] = first
	}
}
