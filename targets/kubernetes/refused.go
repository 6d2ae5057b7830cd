package kubernetes

import (
	"regexp"
	"slices"
	"strings"

	"servebench/targets/kubernetes/api"
)

// amount is a quantity of a pod's resources as a number.
func amount(quantity any) float64 {
	text, _ := quantity.(string)
	n, _ := api.Quantity(text)
	return n
}

// settingOf is the setting of a scenario that a resource of a quota or a LimitRange comes
// from; "": there is none.
func settingOf(resource string) string {
	switch {
	case strings.Contains(resource, "ephemeral-storage"):
		return ""
	case strings.Contains(resource, "cpu"):
		return "limits.cpus"
	case strings.Contains(resource, "memory"):
		return "limits.memory"
	}
	return ""
}

// settingsOf are those of several resources, without those that no setting is for.
func settingsOf(resources []string) (settings, others []string) {
	for _, one := range resources {
		if setting := settingOf(one); setting == "" {
			others = append(others, one)
		} else if !slices.Contains(settings, setting) {
			settings = append(settings, setting)
		}
	}
	slices.Sort(settings)
	return settings, others
}

// What an event says of a pod that an admission controller of the cluster refused.
var (
	unspecified = regexp.MustCompile(`failed quota: \S+: must specify (.*)`) // limits.cpu for: server; limits.memory for: server
	exceeded    = regexp.MustCompile(`exceeded quota: \S+, requested: (.*?), used: `)
	tooMuch     = regexp.MustCompile(`maximum (\S+) usage per`)
	tooLittle   = regexp.MustCompile(`minimum (\S+) usage per`)
)

// explainRefused adds to what an event says of a pod that is refused what to change.
func (o *observer) explainRefused(message string) string {
	if advice := o.adviseRefused(message); advice != "" {
		return message + "; " + advice
	}
	return message
}

func (o *observer) adviseRefused(message string) string {
	if o.helps {
		return "this pod of servebench takes " + expiryCPU + " CPU and " + expiryMemory + " of memory: have the namespace's quota and LimitRange permit it"
	}
	if found := unspecified.FindStringSubmatch(message); found != nil {
		settings, others := settingsOf(resourcesOf(found[1], "; "))
		if len(others) > 0 {
			return "servebench sets no " + strings.Join(others, " or ") + ": use a namespace whose quota does not count that"
		}
		return "set " + strings.Join(settings, " and ") + " in the scenario, which the namespace's quota counts"
	}
	if found := exceeded.FindStringSubmatch(message); found != nil {
		settings, others := settingsOf(resourcesOf(found[1], ","))
		if slices.Contains(others, "pods") {
			return "raise the quota's pods: a run takes one for each replica, and one for the Job that removes the run when servebench is killed"
		}
		if len(settings) == 0 {
			return "raise the namespace's quota"
		}
		return "lower " + strings.Join(settings, " and ") + ", or raise the namespace's quota (the Job that removes the run when servebench is killed takes " + expiryCPU + " CPU and " + expiryMemory + " of it)"
	}
	if found := tooMuch.FindStringSubmatch(message); found != nil && settingOf(found[1]) != "" {
		return "lower " + settingOf(found[1]) + ", or raise the maximum of the namespace's LimitRange"
	}
	if found := tooLittle.FindStringSubmatch(message); found != nil && settingOf(found[1]) != "" {
		return "raise " + settingOf(found[1]) + ", or lower the minimum of the namespace's LimitRange"
	}
	if strings.Contains(message, "violates PodSecurity") {
		return "use a namespace whose Pod Security level permits it, or a static program in the place of the image, which every level permits"
	}
	return ""
}

// resourcesOf names the resources of a list such as limits.cpu=100m,pods=1 or limits.cpu for: server.
func resourcesOf(list, separator string) []string {
	var all []string
	for part := range strings.SplitSeq(list, separator) {
		name, _, _ := strings.Cut(strings.TrimSpace(part), " for: ")
		name, _, _ = strings.Cut(name, "=")
		all = append(all, name)
	}
	return all
}
