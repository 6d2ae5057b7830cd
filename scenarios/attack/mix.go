package attack

import (
	"servebench/reports/record"
	"servebench/scenarios/corpus"
)

// mix holds the ledgers of the classes of request of a mix.
type mix struct {
	corpus *corpus.Corpus
	order  order
	counts []record.ClassCount // none without a mix
}

func newMix(c *corpus.Corpus, o order) mix {
	m := mix{corpus: c, order: o}
	for _, name := range c.Classes() {
		m.counts = append(m.counts, record.ClassCount{Name: name})
	}
	return m
}

// of returns the index of the class of the k-th request; -1 without a mix.
func (m *mix) of(k uint64) int {
	if m.counts == nil {
		return -1
	}
	return m.corpus.ClassOf(m.order.at(k))
}

// add counts the k-th request, which was sent, with what became of it.
func (m *mix) add(k uint64, became record.Ledger) {
	of := m.of(k)
	if of < 0 {
		return
	}
	l := &m.counts[of].Ledger
	l.Sent++
	l.OK += became.OK
	l.Failed += became.Failed
	l.Censored += became.Censored
}

// schedule counts, once, the first n requests as scheduled, sent or not. Which class
// each is of follows from the order alone.
func (m *mix) schedule(n int64) {
	if m.counts == nil {
		return
	}
	cycles, rest := n/int64(len(m.order)), n%int64(len(m.order))
	for k := range m.order {
		times := cycles
		if int64(k) < rest {
			times++
		}
		m.counts[m.of(uint64(k))].Ledger.Scheduled += times
	}
}
