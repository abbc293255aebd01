package deploytest_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/opstruth/opstruth/config"
	"github.com/opstruth/opstruth/internal/metrics"
)

const prometheusDir = "../../deploy/prometheus"

func read(t *testing.T, path string, into any) {
	t.Helper()

	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, into))
}

func TestPrometheusScrapesServicesWhereTheyListen(t *testing.T) {
	t.Parallel()

	var settings struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName       string                       `yaml:"job_name"`
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	read(t, prometheusDir+"/prometheus.yml", &settings)

	loaded := load(t)
	scraped := map[string]bool{}
	for _, job := range settings.ScrapeConfigs {
		require.NotEmpty(t, job.StaticConfigs, job.JobName)
		for _, target := range job.StaticConfigs[0].Targets {
			host, port, err := net.SplitHostPort(target)
			require.NoError(t, err)
			service, ok := loaded.Services[host]
			require.True(t, ok, "%s scrapes %s, which is no service", job.JobName, host)
			c, err := config.Load(environ(service))
			require.NoError(t, err)
			_, web, err := net.SplitHostPort(c.Listen)
			require.NoError(t, err)
			_, worker, err := net.SplitHostPort(c.MetricsListen)
			require.NoError(t, err)
			want := map[string]string{"web": web, "worker": worker}[service.Command[0]]
			require.Equal(t, want, port, "%s scrapes %s", job.JobName, target)
			scraped[host] = true
		}
	}
	require.True(t, scraped["web"] && scraped["worker"], "both are scraped")
	require.Equal(t, []string{"rules/*.yml"}, settings.RuleFiles)
}

type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr string
			Annotations map[string]string
		}
	}
}

var (
	metricName = regexp.MustCompile(`\bopstruth_[a-z_]+`)
	selector   = regexp.MustCompile(`(opstruth_[a-z_]+)\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`by\s*\(([^)]*)\)`)
)

func TestRulesUseOnlyDeclaredMetricsAndLabels(t *testing.T) {
	t.Parallel()

	declared := map[string][]string{}
	for _, family := range metrics.All() {
		declared[family.Name] = family.Labels
	}
	for _, family := range metrics.Histograms() {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			declared[family.Name+suffix] = append([]string{"le"}, family.Labels...)
		}
	}
	files, err := filepath.Glob(prometheusDir + "/rules/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		var file ruleFile
		read(t, path, &file)
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				requireDeclared(t, declared, rule.Alert, rule.Expr)
				require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
				require.NotEmpty(t, rule.Annotations["description"], "%s says what to do", rule.Alert)
			}
		}
	}
}

func requireDeclared(t *testing.T, declared map[string][]string, alert, expr string) {
	t.Helper()

	var known []string
	names := metricName.FindAllString(expr, -1)
	require.NotEmpty(t, names, alert)
	for _, name := range names {
		require.Contains(t, declared, name, alert)
		known = append(known, declared[name]...)
	}
	for _, match := range selector.FindAllStringSubmatch(expr, -1) {
		for _, label := range labelName.FindAllStringSubmatch(match[2], -1) {
			require.Contains(t, declared[match[1]], label[1], alert)
		}
	}
	for _, match := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(match[1], ",") {
			require.True(t, slices.Contains(known, strings.TrimSpace(label)), "%s groups by %s", alert, label)
		}
	}
}

func TestPromtoolAcceptsConfigurationAndRules(t *testing.T) {
	t.Parallel()

	tests, err := filepath.Glob(prometheusDir + "/tests/*_test.yml")
	require.NoError(t, err)
	require.NotEmpty(t, tests)
	tool := promtool(t)
	for _, arguments := range [][]string{
		{"check", "config", prometheusDir + "/prometheus.yml"}, // with the rules that it names
		append([]string{"test", "rules"}, tests...),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, tool, arguments...).CombinedOutput()
		require.NoError(t, err, "promtool %s: %s", strings.Join(arguments, " "), out)
	}
}

// Every alert has a test in which it fires.
func TestEveryAlertIsTested(t *testing.T) {
	t.Parallel()

	var rules ruleFile
	read(t, prometheusDir+"/rules/opstruth.yml", &rules)
	content, err := os.ReadFile(prometheusDir + "/tests/opstruth_test.yml")
	require.NoError(t, err)
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			fires := regexp.MustCompile(`alertname: ` + rule.Alert + `\n\s+exp_alerts:`)
			require.Regexp(t, fires, string(content))
		}
	}
}

func promtool(t *testing.T) string {
	t.Helper()

	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	if path, err := filepath.Abs("../../.build/bin/promtool"); err == nil {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	const want = "this test needs promtool: run make prepare, or install Prometheus"
	if os.Getenv("CI") != "" {
		t.Fatal(want)
	}
	t.Skip("SKIPPED, NOT TESTED: " + want)
	return ""
}
