"""Running an experiment: registry, runner, record, results, studies."""
