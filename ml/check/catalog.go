package check

// Info describes a check, for docs and for the spec's JSON schema.
type Info struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	About   string  `json:"about"`   // what it measures, and what at_most bounds
	Default float64 `json:"default"` // at_most if the spec has none
}

// Catalog lists the checks in the order in which Run makes them.
func Catalog() []Info {
	list := kinds()
	infos := make([]Info, len(list))
	for i, k := range list {
		infos[i] = k.Info
	}
	return infos
}

// Names lists the checks' names in the order of Catalog.
func Names() []string {
	list := kinds()
	names := make([]string, len(list))
	for i, k := range list {
		names[i] = k.Name
	}
	return names
}

type kind struct {
	Info
	make maker
}

func kinds() []kind {
	return []kind{
		{Info{"train_test_leakage", "Rows of training in the test",
			"Share of test and validation rows whose features are all equal to those of a training row. " +
				"The default is 0 if no two training rows are alike; else what chance gives with so many twins, at most 0.05.", 0.05}, leakage},
		{Info{"single_feature", "A column that alone predicts the target",
			"Strength of the strongest single column on test rows: R² of a regression, 2·AUC - 1 of a classification.", 0.95}, singleFeature},
		{Info{"train_test_drift", "Drift between training and test",
			"Largest difference of a column between training and test rows: the Kolmogorov-Smirnov distance of numbers, " +
				"the Jensen-Shannon distance (base 2) of other values, the difference of missing shares. Only a difference beyond chance counts.", 0.1}, drift},
		{Info{"weak_segments", "Segments in which the model is weak",
			"Loss of the weakest segment of test rows by one or two columns, divided by the loss of all test rows " +
				"or by what the model's own probabilities expect there, whichever is more. Only a difference beyond chance counts.", 2}, weakSegments},
		{Info{"simple_model", "Comparison with simple models",
			"Loss of the model on test rows divided by that of the better of two simple ones: the target's mean or class shares, " +
				"and a decision tree of depth 3. Only a difference beyond chance counts.", 1}, simpleModel},
		{Info{"unused_features", "Columns without influence",
			"Share of the columns without any one of which the model does as well, by permutation importance.", 0.9}, unusedFeatures},
		{Info{"calibration", "Calibration of the probabilities",
			"Expected calibration error on test rows: mean difference of predicted probability and observed share over ten groups of equal size. " +
				"Only a difference beyond chance counts.", 0.1}, calibration},
	}
}
