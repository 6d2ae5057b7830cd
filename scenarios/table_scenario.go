package scenarios

import (
	"time"

	"servebench/targets"
)

// scenarioRows are the keys of a scenario, in the order they are written in.
func scenarioRows(cat Catalogue) []row[Scenario] {
	protocols := namesOf(cat.Protocols, aProtocol)
	rows := []row[Scenario]{
		must("name", names(), func(s *Scenario) *string { return &s.Name },
			"What the run and its reports are called."),
		may("description", texts(), emptyText, func(s *Scenario) *string { return &s.Description },
			"What the scenario is for, shown in the reports."),
		must("targets", list("list of targets", "a list of targets, such as [physical]", 1, choice("target", namesOf(cat.Targets, aTarget))),
			func(s *Scenario) *[]string { return &s.Targets },
			"The targets to run the server on and to compare."+docsOf(cat.Targets, aTarget)),
		may("workload", workloads(), "{}", func(s *Scenario) *Workload { return &s.Workload },
			"The server under test: the reference server, or your own by command, image or both. Where the server of every target runs already, the model is enough, and with protocol: template nothing is needed."),
		may("protocol", choice("protocol", protocols), firstOf(protocols), func(s *Scenario) *string { return &s.Protocol },
			"The wire protocol that the server speaks."+docsOf(cat.Protocols, aProtocol)),
		templateRow(),
		may("http", mappings("how requests are carried", httpRows()), "{}", func(s *Scenario) *HTTP { return &s.HTTP },
			"How requests are carried to the server, by HTTP and by the connections below it."),
		otherwise("data", data(cat), "no data, as with protocol: template", func(s *Scenario) *Data { return &s.Data },
			"The synthetic data that requests are made from, with the generator's own parameters beside the keys listed here."),
		otherwise("load", list("list of mappings", phasesWanted, 0, phases()), "no load, for which cold_starts has to be above 0",
			func(s *Scenario) *[]Phase { return &s.Load },
			"The phases of load, played in this order on every target in every round. A phase has either a rate, and arrivals that never wait for answers (an open loop), or a concurrency: so many workers, each of which waits for its answer (a closed loop)."),
		abortRow(),
		overheadRow(),
		may("rounds", wholes[int](1, 1000), "3", func(s *Scenario) *int { return &s.Rounds },
			"How many rounds there are. A round is one trial of every target, each on a fresh server, with the targets in another order each time; without load there are no rounds. The intervals in the reports come from the differences between rounds."),
		may("reruns", wholes[int](0, 1000), "10", func(s *Scenario) *int { return &s.Reruns },
			"How many trials, each of one target in one round, may be rerun because the load generator was disturbed in them, by a busy machine say. Such a trial is discarded and, after the last round, rerun with the same requests at the same due times; the record keeps both, and the reports say so. It is judged by the load generator alone and never by how the server did, so that no result is picked. When no trial at all went undisturbed, none is rerun."),
		may("cold_starts", wholes[int](0, 1000), "0", func(s *Scenario) *int { return &s.ColdStarts },
			"How often each target is deployed for its cold start alone, after the rounds of load: deployed, asked for one answer and removed, the targets in another order each time. A server that runs already is left out."),
		may("attackers", wholes[int](1, maxAttackers), "1", func(s *Scenario) *int { return &s.Attackers },
			"How many attack loops share the load, for rates beyond what one of them can send."),
		may("awake", booleans(), "true", func(s *Scenario) *bool { return &s.Awake },
			"Whether the CPUs are kept out of their idle states while requests are sent, where servebench is allowed to (as root). Waking up takes long enough to be measured in place of the server, most of all in a virtual machine; it is the same for every target, and the reports say which it was."),
		may("seed", wholes[uint64](0, 1<<64-1), "1", func(s *Scenario) *uint64 { return &s.Seed },
			"What every random choice follows from: the same seed gives the same requests at the same due times."),
		may("timeout", durations(), "10s", func(s *Scenario) *time.Duration { return &s.Timeout },
			"How long one request may take from being sent; what takes longer has failed."),
		may("limits", mappings("limits", limitRows()), "{}", func(s *Scenario) *Limits { return &s.Limits },
			"The resources that every target gets, its virtualisation included. A server that runs already is what it is; for it, limits.cpus is how many CPUs of this machine the load generator leaves free."),
		may("slo", mappings("limits", sloRows()), "{}", func(s *Scenario) *SLO { return &s.SLO }, sloDoc),
		regressionRow(),
	}
	return append(rows, optionRows(cat)...)
}

func limitRows() []row[Limits] {
	return []row[Limits]{
		may("cpus", wholes[int](1, 1024), "1", func(l *Limits) *int { return &l.CPUs },
			"How many CPUs the server is pinned to. The load generator takes the others, so as not to compete with it."),
		may("memory", orNone(sizes()), none, func(l *Limits) *targets.Bytes { return &l.Memory },
			"The most memory the server may use, with KiB, MiB or GiB for powers of 1024 and kB, MB or GB for powers of 1000."),
	}
}
