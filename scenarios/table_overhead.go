package scenarios

// overheadRow is the key that splits a request's time; a scenario without it is
// written without it.
func overheadRow() row[Scenario] {
	phases := leftOut(pointed(mappings("the keys noop and model", overheadRows())), isNoPointer)
	return may("overhead", phases, none, func(s *Scenario) **Overhead { return &s.Overhead },
		"The two phases by which the reports split a request's time into what the target costs (network, virtualisation, HTTP) and what the model does. They are the same but for their models, get the same due times and examples in each round, and change places in every second one.")
}

func overheadRows() []row[Overhead] {
	return []row[Overhead]{
		must("noop", names(), func(t *Overhead) *string { return &t.Noop },
			"The phase whose model answers without computing."),
		must("model", names(), func(t *Overhead) *string { return &t.Model },
			"The phase that asks the real model."),
	}
}
