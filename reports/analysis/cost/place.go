package cost

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"servebench/reports/prices"
)

// Kind is how a place is billed.
type Kind string

// The kinds.
const (
	Fleet    Kind = "fleet"    // units that run, with requests or without
	Function Kind = "function" // requests, and compute by the GB-second
	Requests Kind = "requests" // containers, while they have requests
)

// Place is where a server could run, with the prices of it.
type Place struct {
	ID       string `json:"id"` // "aws/us-east-1/ec2/c7g.large"
	Kind     Kind   `json:"kind"`
	Provider string `json:"provider"`
	Region   string `json:"region"`
	Service  string `json:"service"`
	// VCPU and MemoryGiB are those of a unit; 0: it is made to the size of the server.
	VCPU      float64 `json:"vcpu,omitzero"`
	MemoryGiB float64 `json:"memory_gib,omitzero"`
	// Fixed says that the number of units stays the same all month, as of machines that are
	// paid by the month.
	Fixed       bool   `json:"fixed,omitzero"`
	Arm         bool   `json:"arm,omitzero"`
	Burstable   bool   `json:"burstable,omitzero"`
	Accelerator string `json:"accelerator,omitempty"`

	unit     prices.Table // of a unit, by time
	cpu      prices.Table // of a vCPU, by time
	memory   prices.Table // of a GB or GiB, by time
	request  prices.Table
	fee      prices.Table // whatever the number of units, by time
	balancer prices.Table
	load     prices.Table // of the balancer's capacity
	address  prices.Table
	egress   prices.Table
	balanced bool          // the service spreads requests itself
	hold     time.Duration // that it stays billed at least for a request
	step     time.Duration // that the time of a request is rounded up to
	sizes    func(cpus, memory float64) (float64, float64)
}

// Own says that it is hardware of the user's.
func (p Place) Own() bool { return p.Provider == prices.OwnProvider }

// Places are those that a table has prices of, in its order.
func Places(t prices.Table) []Place {
	var all []Place
	seen := map[string]bool{}
	for _, p := range t {
		for _, place := range placesOf(t, p) {
			if !seen[place.ID] {
				seen[place.ID] = true
				all = append(all, place)
			}
		}
	}
	return all
}

// Find is the place of that ID.
func Find(all []Place, id string) (Place, bool) {
	if i := slices.IndexFunc(all, func(p Place) bool { return p.ID == id }); i >= 0 {
		return all[i], true
	}
	return Place{}, false
}

// placesOf are the places that a row belongs to: most to one, an instance of EC2 to a node of a
// cluster as well, and what is no server to none.
func placesOf(t prices.Table, p prices.Price) []Place {
	_, byTime := p.Month()
	switch {
	case byTime && p.VCPU > 0 && p.MemoryGiB > 0:
		return machines(t, p)
	case p.Unit == "vCPU-second" || p.Unit == "vCPU-hour":
		return sized(t, p)
	case p.Service == "lambda" && strings.HasPrefix(p.Item, "duration ") && !strings.Contains(p.Item, "provisioned"):
		architecture := strings.TrimPrefix(p.Item, "duration ")
		place := newPlace(t, p, Function, architecture)
		place.memory, place.request, place.balanced = t.Lookup(p.ID()), beside(t, p, "requests"), true
		return []Place{place}
	}
	return nil
}

func newPlace(t prices.Table, p prices.Price, kind Kind, item string) Place {
	place := Place{
		ID: prices.Price{Provider: p.Provider, Region: p.Region, Service: p.Service, Item: item}.ID(), Kind: kind,
		Provider: p.Provider, Region: p.Region, Service: p.Service, Arm: arm(item),
	}
	of := func(service, item string) prices.Table {
		return t.Lookup(prices.Price{Provider: p.Provider, Region: p.Region, Service: service, Item: item}.ID())
	}
	place.egress = of("transfer", "egress internet")
	if kind == Fleet {
		place.balancer, place.load = of("elb", "application load balancer"), of("elb", "ALB LCU")
		place.address = of("vpc", "public IPv4 in use or idle")
	}
	return place
}

// beside are the rows of another item of the same service.
func beside(t prices.Table, p prices.Price, item string) prices.Table {
	p.Item = item
	return t.Lookup(p.ID())
}

// machines are the places of an instance or a machine.
func machines(t prices.Table, p prices.Price) []Place {
	place := newPlace(t, p, Fleet, p.Item)
	place.unit, place.VCPU, place.MemoryGiB, place.Accelerator = prices.Table{p}, p.VCPU, p.MemoryGiB, p.Accelerator
	place.Fixed = p.Unit == "month"
	place.Burstable = burstable.MatchString(p.Item)
	if p.Service == "sagemaker" {
		place.balanced, place.address = true, nil
	}
	places := []Place{place}
	if control := t.Lookup("aws/" + p.Region + "/eks/control plane standard support"); p.Service == "ec2" && control != nil {
		place.Service = "eks"
		place.ID = prices.Price{Provider: p.Provider, Region: p.Region, Service: "eks", Item: p.Item}.ID()
		place.fee = control
		places = append(places, place)
	}
	return places
}

// sized are the places whose units are made to the size of the server, which have a price of a
// vCPU and one of memory.
func sized(t prices.Table, p prices.Price) []Place {
	memory := t.Lookup(strings.NewReplacer("vCPU", "memory", "CPU", "memory").Replace(p.ID()))
	kind, item := Fleet, "instance-based"
	switch {
	case memory == nil || strings.Contains(p.Item, "idle"):
		return nil
	case p.Service == "fargate":
		item = strings.TrimSuffix(p.Item, " vCPU")
	case p.Service == "gke":
		item = "autopilot"
	case p.Service == "cloud-run" && strings.HasPrefix(p.Item, "request-based"):
		kind, item = Requests, "request-based"
	case p.Service == "container-apps":
		kind, item = Requests, "consumption"
	}
	place := newPlace(t, p, kind, item)
	place.cpu, place.memory, place.sizes = t.Lookup(p.ID()), memory, anySize
	switch p.Service {
	case "fargate":
		place.sizes = fargateSize
	case "gke":
		place.fee = beside(t, p, "cluster management fee")
	case "cloud-run": // bills an instance by the 100 ms
		place.balanced, place.sizes, place.step = true, cloudRunSize, 100*time.Millisecond
		_, tier, _ := strings.Cut(p.Item, " tier ")
		place.request = beside(t, p, "requests tier "+tier)
	case "container-apps": // ends a replica 5 minutes after its last request
		place.balanced, place.sizes, place.hold, place.request = true, containerAppSize, 5*time.Minute, beside(t, p, "requests")
	}
	return []Place{place}
}

// anySize is that of the server, in quarters of a CPU and of a GiB.
func anySize(cpus, memory float64) (float64, float64) {
	return math.Ceil(cpus*4) / 4, math.Ceil(memory*4) / 4
}

// fargateSize is the smallest size of a task that holds the server: AWS, "Amazon ECS task
// definition differences for Fargate". 0: there is none.
func fargateSize(cpus, memory float64) (float64, float64) {
	for _, size := range []struct{ cpus, least, most, step float64 }{
		{0.25, 0.5, 0.5, 0.5}, {0.25, 1, 2, 1}, {0.5, 1, 4, 1}, {1, 2, 8, 1}, {2, 4, 16, 1}, {4, 8, 30, 1}, {8, 16, 60, 4}, {16, 32, 120, 8},
	} {
		if cpus <= size.cpus && memory <= size.most {
			return size.cpus, size.least + size.step*max(0, math.Ceil((memory-size.least)/size.step))
		}
	}
	return 0, 0
}

// cloudRunSize is the smallest size of an instance of Cloud Run that holds the server: Google,
// "Configure CPU limits" and "Configure memory limits". Instances of less than a CPU take one
// request after the other, which is not what was measured. 0: there is none.
func cloudRunSize(cpus, memory float64) (float64, float64) {
	for _, size := range []struct{ cpus, least, most float64 }{{1, 0.5, 4}, {2, 0.5, 8}, {4, 2, 16}, {6, 4, 24}, {8, 4, 32}} {
		if cpus <= size.cpus && memory <= size.most {
			return size.cpus, max(size.least, math.Ceil(memory*4)/4)
		}
	}
	return 0, 0
}

// containerAppSize is the smallest size of a replica of Azure Container Apps, on consumption,
// that holds the server: quarters of a CPU, and 2 GiB for each CPU. 0: there is none.
func containerAppSize(cpus, memory float64) (float64, float64) {
	const most, perCPU = 4, 2
	if cpus, _ = anySize(max(cpus, memory/perCPU), 0); cpus > most {
		return 0, 0
	}
	return cpus, cpus * perCPU
}

// burstable finds the machines whose CPUs are limited over longer times or shared: AWS's t3.large
// and ml.t3.medium, Azure's Standard_B2s, and those whose name says so.
var burstable = regexp.MustCompile(`^(ml\.)?t[0-9]|^Standard_B|shared`)

// graviton finds the instances of AWS with Arm processors: c7g.large, m8gd.xlarge, t4g.small.
var graviton = regexp.MustCompile(`^(ml\.)?[a-z]+[0-9]+g[a-z]*\.`)

// armVM finds the virtual machines with Arm processors: CAX21 of Hetzner, Standard_D2ps_v5 of Azure.
var armVM = regexp.MustCompile(`^CAX[0-9]|^Standard_[A-Z]+[0-9]+[a-z]*p[a-z]*_`)

func arm(item string) bool {
	return strings.HasPrefix(item, "arm64") || graviton.MatchString(item) || armVM.MatchString(item)
}

// usual says that a target of a kind would be expected to run at the place, so that its cost is
// told without being asked for.
func usual(m *Measured, p Place) bool {
	services := map[string][]string{
		"physical":   {"ec2", "vm", "hardware"},
		"vm":         {"ec2", "vm", "hardware"},
		"container":  {"fargate", "cloud-run", "container-apps", "ec2", "vm", "sagemaker", "hardware"},
		"kubernetes": {"eks", "gke"},
		"lambda":     {"lambda"},
	}
	of, known := services[m.Kind]
	if !known {
		of = services["container"]
	}
	return slices.Contains(of, p.Service) && p.Arm == m.Arm && !p.Burstable && p.Accelerator == ""
}

// near leaves out, of a service that has places in the region, those elsewhere. A service that has
// none there keeps all that it has: that its prices of the region are not known does not mean that
// it is not sold there.
func near(all []Place, region string) []Place {
	type service struct{ provider, name string }
	there := map[service]bool{}
	for _, p := range all {
		if p.Region == region {
			there[service{p.Provider, p.Service}] = true
			if p.Service == "ec2" { // whose instances other sources of prices call vm
				there[service{p.Provider, "vm"}] = true
			}
		}
	}
	return slices.DeleteFunc(all, func(p Place) bool { return p.Region != region && there[service{p.Provider, p.Service}] })
}
