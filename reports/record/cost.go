package record

import "time"

// Cost says what serving costs that slo.cost_per_million limits: which traffic, where, at which
// prices. It is a part of a scenario as well.
type Cost struct {
	// The traffic to serve, a shape as servebench cost takes it, such as daily:50/s,peak=3x.
	Traffic string `json:"traffic" redact:"-" key:"traffic,required" format:"word" want:"a shape of traffic, such as constant:50/s"`
	// The places where the server could run, by their IDs in servebench prices, such as
	// aws/us-east-1/ec2/c7i.large. Each target is judged by the cheapest of those that can run it.
	Place []string `json:"place" redact:"-" key:"place,required,single" format:"word" least:"1" label:"list of places" want:"the ID of a place, such as aws/us-east-1/ec2/c7i.large"`
	// Files with prices that replace or add to those of servebench, relative to the scenario
	// file. The run records the prices that it needs.
	Prices []string `json:"-" key:"prices,single" absent:"none" format:"file" least:"1" label:"list of paths" want:"the path of a file with prices"`
	Serving
	// The time that it takes to add a unit.
	ScaleLag time.Duration `json:"scale_lag_ns" key:"scale_lag" default:"5m" min:"0"`
	// The time without requests after which a function or a container on request is ended.
	Eviction time.Duration `json:"eviction_ns" key:"eviction" default:"5m" min:"0"`
	// Table holds the prices of Place, as servebench prices writes them in CSV.
	Table string `json:"prices"`
}

// Serving says how the servers are run whose cost is worked out.
type Serving struct {
	// Units that run beside those that the traffic needs.
	Redundancy int `json:"redundancy" key:"redundancy" default:"1" max:"1000000"`
	// The part of the capacity that stays free, from 0 to below 1.
	Headroom float64 `json:"headroom" key:"headroom" default:"30%" format:"fraction"`
	// Units that run at any time, at least.
	MinUnits int `json:"min_units" key:"min_units" default:"1" max:"1000000"`
	// Pay for a load balancer where there is more than one unit.
	LoadBalancer bool `json:"load_balancer" key:"load_balancer" default:"true"`
	// Requests over one connection, for the load balancer.
	PerConnection float64 `json:"requests_per_connection" key:"requests_per_connection" default:"100" min:"1" max:"1e12"`
	// The length of an answer in bytes, instead of what was measured.
	AnswerBytes float64 `json:"answer_bytes" key:"answer_bytes" absent:"what was measured" min:"1" max:"1e12"`
	// Environments of functions that the account may have at the same time.
	Concurrency int `json:"concurrency" key:"concurrency" default:"1000" min:"1" max:"1000000000"`
	// Where the users are: reports say of a place elsewhere that it is.
	Region string `json:"region" redact:"-" key:"region" default:"us-east-1" format:"word" want:"a region, such as us-east-1"`
}
