package document

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"servebench/reports/analysis/scaling"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// scaling tells how the number of replicas followed the load, and what each replica answered.
func (b builder) scaling() []element.Section {
	all := b.a.Scaling
	if len(all) == 0 {
		return nil
	}
	var sections []element.Section
	if b.a.Run.Scenario.Scaling.Varies() {
		out := element.Section{ID: "scaling", Title: "Scaling", Table: b.scalingTable(), Figures: []string{"scaling"}, Notes: []string{b.timesCountFrom() + " " + sentence.ScalingMethod(all[0].Users.Limit) + "."}}
		for _, t := range all {
			out.Lines = append(out.Lines, element.Line{Text: b.trialName(t) + ": " + sentence.ScalingResult(t)})
		}
		supply := element.Section{ID: "supply", Table: b.supplyTable(), Notes: []string{sentence.SupplyMethod + "."}}
		sections = append(sections, out, supply)
	}
	return append(sections, element.Section{ID: "replicas", Title: "Replicas", Rank: element.Aside, Table: b.replicaTable(), Notes: []string{
		"Requests by the replica that answered them, as the answers name it (header X-Instance-Id) or by its address; those without any answer, such as refused connections, are of none; share is of all answers. " + b.timesCountFrom(),
	}})
}

// timesCountFrom says which moment the times of replicas count from.
func (b builder) timesCountFrom() string {
	rise := b.a.Scaling[0].Rise
	for _, t := range b.a.Scaling {
		if t.Rise != rise {
			return "Times count from when the load rose, or from the start of a phase in which it does not."
		}
	}
	if rise == 0 {
		return "Times count from the start of the phase."
	}
	return fmt.Sprintf("Times count from when the load rose, %s after the start of the phase.", format.Duration(rise))
}

// trialName names a trial: "kubernetes, spike, round 2".
func (b builder) trialName(t scaling.Trial) string {
	name := b.a.Label(t.Target) + b.InPhase(t.Phase)
	if b.scalingRounds() {
		name += fmt.Sprintf(", round %d", t.Round)
	}
	return name
}

// scalingRounds says that there are several rounds, so that each is named.
func (b builder) scalingRounds() bool {
	return slices.ContainsFunc(b.a.Scaling, func(t scaling.Trial) bool { return t.Round != b.a.Scaling[0].Round })
}

// addTrial adds a row that is named by target, phase and round.
func (b builder) addTrial(t *element.Table, trial scaling.Trial, cells ...element.Cell) {
	round := ""
	if b.scalingRounds() {
		round = strconv.Itoa(trial.Round)
	}
	b.Add(t, trial.Target, trial.Phase, []element.Cell{element.Text(round)}, cells)
}

// seconds is a time where it is known, in a column whose title says s.
func seconds(d *time.Duration) element.Cell {
	if d == nil {
		return element.None()
	}
	return element.Text(strconv.FormatFloat(d.Seconds(), 'f', 1, 64))
}

// firstOf is the earliest of a time of the new replicas; nil: none has it.
func firstOf(t scaling.Trial, of func(scaling.Replica) *time.Duration) *time.Duration {
	var first *time.Duration
	for _, r := range t.Replicas {
		if at := of(r); r.New && at != nil && (first == nil || *at < *first) {
			first = at
		}
	}
	return first
}

func (b builder) scalingTable() *element.Table {
	t := element.ByTrial(element.Words("replicas"), element.Numbers("decided s", "created s", "running s", "ready s", "first answer s", "p99 back s", "p99 over s", "none ready s", "late", "failed", "of"))
	for _, trial := range b.a.Scaling {
		u := trial.Users
		replicas := element.None()
		decided := seconds(trial.Decided)
		if trial.Observed {
			replicas = element.Text(fmt.Sprintf("%d → %d → %d", trial.Before, trial.Most, trial.End))
			if !trial.Reacted() {
				decided = element.Cell{Text: "never", Tone: element.Bad}
			}
		}
		without := element.Cell{}
		if gap := trial.NoneReady(); gap > 0 {
			without = seconds(&gap)
			without.Tone = element.Bad
		}
		over, back, late := element.None(), element.None(), element.None()
		if u.Limit > 0 {
			over, late = seconds(&u.Over), element.Count(u.Late)
			switch {
			case u.Recovered != nil:
				back = seconds(u.Recovered)
				if u.Again != nil {
					back = element.Cell{Text: back.Text + ", above again", Tone: element.Bad}
				}
			case u.Over > 0:
				back = element.Cell{Text: "never", Tone: element.Bad}
			}
		}
		b.addTrial(t, trial, replicas, decided,
			seconds(firstOf(trial, func(r scaling.Replica) *time.Duration { return r.Created })),
			seconds(firstOf(trial, func(r scaling.Replica) *time.Duration { return r.Running })),
			seconds(firstOf(trial, func(r scaling.Replica) *time.Duration { return r.Ready })),
			seconds(firstOf(trial, func(r scaling.Replica) *time.Duration { return r.First })),
			back, over, without, late, element.Fault(u.Failed), element.Count(u.Due))
	}
	return t
}

func (b builder) supplyTable() *element.Table {
	t := element.ByTrial(element.Numbers("capacity/s", "too few, replica-s", "too many, replica-s", "scale-in decided s", "scaled in s"))
	for _, trial := range b.a.Scaling {
		if trial.Supply == nil && trial.Reduced == nil && trial.Back == nil {
			continue
		}
		bears, few, many := element.None(), element.None(), element.None()
		if s := trial.Supply; s != nil {
			bears, few, many = element.Text(format.RateNumber(s.Capacity)), element.Text(format.Number(s.Under)), element.Text(format.Number(s.Over))
		}
		b.addTrial(t, trial, bears, few, many, seconds(trial.Reduced), seconds(trial.Back))
	}
	return t
}

func (b builder) replicaTable() *element.Table {
	t := element.ByTrial(element.Words("replica"), element.Numbers("created s", "running s", "ready s", "first answer s", "ended s", "OK", "failed", "share"))
	t.Keys = 4
	for _, trial := range b.a.Scaling {
		var all int64
		for _, r := range trial.Replicas {
			all += r.OK + r.Failed
		}
		for _, r := range trial.Replicas {
			name, ok, failed, share := element.Cell{Text: r.ID, Code: true}, element.Muted("not known"), element.None(), element.None()
			if r.ID == "" {
				name = element.Muted("not named")
			}
			if r.Answers {
				ok, failed = element.Count(r.OK), element.Fault(r.Failed)
				share = element.OrNone(all > 0, format.Percent(float64(r.OK+r.Failed)/float64(max(1, all))))
			}
			b.addTrial(t, trial, name, seconds(r.Created), seconds(r.Running), seconds(r.Ready), seconds(r.First), seconds(r.Ended), ok, failed, share)
		}
		if trial.Unanswered > 0 {
			b.addTrial(t, trial, element.Muted("no answer"), element.None(), element.None(), element.None(), element.None(), element.None(), element.None(), element.Fault(trial.Unanswered), element.None())
		}
	}
	return t
}
