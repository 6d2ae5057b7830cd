package vm

// counted reads the CPU's time-stamp counter.
func counted() uint64
