package credit

import (
	"fmt"

	"servebench/generators"
)

// schema returns what an example holds. Class 1 is the paper's group A.
func schema() generators.Schema {
	return generators.Schema{
		Features: []generators.Feature{
			{Name: "salary", Doc: "yearly salary, dollars, 20,000 to 150,000"},
			{Name: "commission", Doc: "yearly commission, dollars: 0 from a salary of 75,000, else 10,000 to 75,000"},
			{Name: "age", Doc: "age, years, 20 to 80"},
			{Name: "elevel", Doc: "level of education, ascending", Categories: []string{"none", "school", "college", "bachelor", "master"}},
			{Name: "car", Doc: "make of the car", Categories: numbered("make", makes)},
			{Name: "zipcode", Doc: "zip code of the town, the dearest first", Categories: numbered("zip", zips)},
			{Name: "hvalue", Doc: "value of the house, dollars, by zip code: 50,000 to 1,350,000"},
			{Name: "hyears", Doc: "years the house has been owned, 1 to 30"},
			{Name: "loan", Doc: "amount of the loan, dollars, 0 to 500,000"},
		},
		Columns: []string{"name", "city", "employer", "job_title", "date_applied"},
		Classes: []string{"declined", "approved"},
	}
}

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", prefix, i+1)
	}
	return names
}
