package trees

// document is XGBoost's JSON model file as far as binary:logistic over gbtree
// uses it. Numbers of the parameter groups are strings there.
type document struct {
	Learner learnerDoc `json:"learner"`
	Version []int      `json:"version"`
}

type learnerDoc struct {
	Attributes   map[string]string `json:"attributes"`
	FeatureNames []string          `json:"feature_names"`
	FeatureTypes []string          `json:"feature_types"`
	Booster      boosterDoc        `json:"gradient_booster"`
	Params       learnerParams     `json:"learner_model_param"`
	Objective    objectiveDoc      `json:"objective"`
}

type learnerParams struct {
	BaseScore        string `json:"base_score"` // a probability; in brackets since version 3.1
	BoostFromAverage string `json:"boost_from_average"`
	NumClass         string `json:"num_class"`
	NumFeature       string `json:"num_feature"`
	NumTarget        string `json:"num_target"`
}

type objectiveDoc struct {
	Name   string            `json:"name"`
	Params map[string]string `json:"reg_loss_param"`
}

type boosterDoc struct {
	Model boosterModel `json:"model"`
	Name  string       `json:"name"`
}

type boosterModel struct {
	Params boosterParams `json:"gbtree_model_param"`
	// IterationStarts lists the first tree of each round, and the number of
	// trees at the end.
	IterationStarts []int     `json:"iteration_indptr"`
	TreeInfo        []int     `json:"tree_info"` // the class that a tree is for: 0
	Trees           []treeDoc `json:"trees"`
}

type boosterParams struct {
	NumParallelTree string `json:"num_parallel_tree"`
	NumTrees        string `json:"num_trees"`
}

// treeDoc has one value per node in every list; those that name categories stay
// empty, because no feature splits by category.
type treeDoc struct {
	ID              int        `json:"id"`
	Params          treeParams `json:"tree_param"`
	LeftChildren    indices    `json:"left_children"` // -1 for a leaf
	RightChildren   indices    `json:"right_children"`
	Parents         indices    `json:"parents"`
	SplitIndices    indices    `json:"split_indices"`
	SplitConditions numbers    `json:"split_conditions"` // of a leaf: its value
	SplitType       bits       `json:"split_type"`       // true: by category
	DefaultLeft     bits       `json:"default_left"`
	LossChanges     numbers    `json:"loss_changes"`
	SumHessian      numbers    `json:"sum_hessian"`
	BaseWeights     numbers    `json:"base_weights"`

	Categories         []int32 `json:"categories"`
	CategoriesNodes    []int32 `json:"categories_nodes"`
	CategoriesSegments []int32 `json:"categories_segments"`
	CategoriesSizes    []int32 `json:"categories_sizes"`
}

type treeParams struct {
	NumDeleted     string `json:"num_deleted"`
	NumFeature     string `json:"num_feature"`
	NumNodes       string `json:"num_nodes"`
	SizeLeafVector string `json:"size_leaf_vector"`
}
