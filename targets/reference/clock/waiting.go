package clock

import "time"

// row is a row of a request that waits or is served.
type row struct {
	done   time.Duration // when it is served, from the clock's start
	order  uint64        // of arrival; those of one time go in this order
	served chan struct{}
}

// waiting is a heap of rows by their times; it implements heap.Interface.
type waiting []*row

func (w waiting) Len() int { return len(w) }

func (w waiting) Less(i, j int) bool {
	if w[i].done != w[j].done {
		return w[i].done < w[j].done
	}
	return w[i].order < w[j].order
}

func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }

func (w *waiting) Push(r any) { *w = append(*w, r.(*row)) }

func (w *waiting) Pop() any {
	last := len(*w) - 1
	r := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	return r
}
