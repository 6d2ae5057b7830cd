package stats

import (
	"slices"

	"servebench/reports/record"
)

func addLedgers(a, b record.Ledger) record.Ledger {
	return record.Ledger{
		Scheduled: a.Scheduled + b.Scheduled,
		Sent:      a.Sent + b.Sent,
		OK:        a.OK + b.OK,
		Failed:    a.Failed + b.Failed,
		Censored:  a.Censored + b.Censored,
	}
}

// addErrors adds the counts of each class, keeps its first example, and puts
// the most frequent class first.
func addErrors(a, b []record.ErrorCount) []record.ErrorCount {
	all := slices.Clone(a)
	for _, e := range b {
		i := slices.IndexFunc(all, func(have record.ErrorCount) bool { return have.Class == e.Class })
		if i < 0 {
			all = append(all, e)
			continue
		}
		all[i].Count += e.Count
	}
	record.SortErrors(all)
	return all
}

// addUsage is known only when all of it is: part of a sum would read as a
// saving.
func addUsage(a, b record.Usage) record.Usage {
	if !a.Known || !b.Known {
		return record.Usage{}
	}
	return record.Usage{CPU: a.CPU + b.CPU, Resident: max(a.Resident, b.Resident), Known: true}
}

// addInstruments keeps the sending of the round in which the generator was the
// busier, and the longest waits: an average would hide that round. The gaps are
// those of one cell, and of none when there are several.
func addInstruments(a, b record.Instrument) record.Instrument {
	busier := a
	if share, _ := busy(b); share > 0 {
		if most, known := busy(a); !known || share > most {
			busier = b
		}
	}
	return record.Instrument{
		SendingTime: busier.SendingTime,
		SendingCPU:  busier.SendingCPU,
		Polling:     busier.Polling,

		CPUs:       max(a.CPUs, b.CPUs),
		CPU:        a.CPU + b.CPU,
		GCPause:    a.GCPause + b.GCPause,
		GCPauseMax: max(a.GCPauseMax, b.GCPauseMax),
		GCCycles:   a.GCCycles + b.GCCycles,
		SchedP99:   max(a.SchedP99, b.SchedP99),
		SchedMax:   max(a.SchedMax, b.SchedMax),
		Attackers:  max(a.Attackers, b.Attackers),
		Retries:    a.Retries + b.Retries,
		Stalls:     a.Stalls + b.Stalls,
		Workers:    max(a.Workers, b.Workers),
		WorkerCap:  max(a.WorkerCap, b.WorkerCap),
		Dials:      a.Dials + b.Dials,
		OutOfRange: a.OutOfRange + b.OutOfRange,
	}
}
