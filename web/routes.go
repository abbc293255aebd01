package web

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/opstruth/opstruth/internal/auth"
	"github.com/opstruth/opstruth/internal/links"
	"github.com/opstruth/opstruth/web/access"
	"github.com/opstruth/opstruth/web/api"
	"github.com/opstruth/opstruth/web/assets"
)

// handler serves a request whose rule is met. What it returns is answered by fail.
type handler func(c *gin.Context, a access.Access) error

// route is one address and who may reach it.
type route struct {
	Method, Path string
	Rule         access.Rule
	Handle       handler
}

var public = access.Rule{Public: true}

func member(a auth.Action, t access.Target) access.Rule {
	return access.Rule{Plane: links.Admin, Action: a, Target: t}
}

func platform(a auth.Action, t access.Target) access.Rule {
	return access.Rule{Plane: links.System, Action: a, Target: t}
}

// bearer makes a rule that asks for an API token instead of a session.
func bearer(r access.Rule) access.Rule {
	r.Bearer = true
	return r
}

// routes is every route there is. A test fails on one that is served without being listed here.
func (s *server) routes() []route {
	const (
		workspace = "/admin/workspaces/:ws"
		tenant    = workspace + "/tenants/:tenant"
		run       = "/admin/operations/:id"
		systemRun = "/system/ops/runs/:id"
	)
	all := []route{
		{http.MethodGet, "/healthz", public, s.healthz},
		{http.MethodGet, "/readyz", public, s.readyz},
		{http.MethodGet, assets.Prefix + "*file", public, s.assets},
		{http.MethodHead, assets.Prefix + "*file", public, s.assets},
		{http.MethodGet, "/sign-in", public, s.signInForm(links.Admin)},
		{http.MethodPost, "/sign-in", public, s.signIn(links.Admin)},
		{http.MethodGet, spends, public, s.signInLink},
		{http.MethodPost, "/sign-out", public, s.signOut(links.Admin)},
		{http.MethodGet, "/system/sign-in", public, s.signInForm(links.System)},
		{http.MethodPost, "/system/sign-in", public, s.signIn(links.System)},
		{http.MethodPost, "/system/sign-out", public, s.signOut(links.System)},

		{http.MethodGet, "/", member(auth.View, access.Nothing), s.home},
		{http.MethodGet, workspace, member(auth.View, access.Workspace), s.workspace},
		{http.MethodGet, tenant, member(auth.View, access.Tenant), s.tenant},
		{http.MethodGet, tenant + "/start", member(auth.Operate, access.Tenant), s.startForm},
		{http.MethodGet, tenant + "/start/:type", member(auth.Operate, access.Tenant), s.startForm},
		{http.MethodPost, tenant + "/start/:type", member(auth.Operate, access.Tenant), s.start},
		{http.MethodGet, "/admin/operations", member(auth.View, access.Nothing), s.runs},
		{http.MethodGet, "/admin/operations.csv", member(auth.View, access.Nothing), s.export},
		{http.MethodGet, "/admin/notifications", member(auth.View, access.Nothing), s.notifications},
		{http.MethodPost, "/admin/notifications/read", member(auth.View, access.Nothing), s.readNotifications},
		{http.MethodPost, "/admin/notifications/:run/read", member(auth.View, access.Nothing), s.readNotification},
		{http.MethodPost, "/admin/views", member(auth.View, access.Nothing), s.saveView},
		{http.MethodPost, "/admin/views/:view/delete", member(auth.View, access.Nothing), s.deleteView},
		{http.MethodGet, "/admin/progress", member(auth.View, access.Nothing), s.overlay},
		{http.MethodGet, "/admin/events", member(auth.View, access.Nothing), s.events},
		{http.MethodGet, run, member(auth.View, access.Run), s.operation},
		{http.MethodGet, run + "/artifacts/:name", member(auth.View, access.Run), s.artifact},
		{http.MethodPost, run + "/cancel", member(auth.Operate, access.Run), s.cancel},
		{http.MethodPost, run + "/retry", member(auth.Operate, access.Run), s.retry},
		{http.MethodPost, run + "/acknowledge", member(auth.Operate, access.Run), s.acknowledge},
		{http.MethodPost, run + "/reopen", member(auth.Operate, access.Run), s.reopen},
		{http.MethodPost, run + "/claim", member(auth.Operate, access.Run), s.claim},
		{http.MethodPost, run + "/release", member(auth.Operate, access.Run), s.release},

		{http.MethodGet, "/system", platform(auth.View, access.Nothing), s.system},
		{http.MethodGet, "/system/events", platform(auth.View, access.Nothing), s.events},
		{http.MethodGet, "/system/ops/runs", platform(auth.View, access.Nothing), s.runs},
		{http.MethodGet, "/system/ops/runs.csv", platform(auth.View, access.Nothing), s.export},
		{http.MethodPost, "/system/views", platform(auth.View, access.Nothing), s.saveView},
		{http.MethodPost, "/system/views/:view/delete", platform(auth.View, access.Nothing), s.deleteView},
		{http.MethodGet, "/system/ops/stuck", platform(auth.View, access.Nothing), s.stuck},
		{http.MethodGet, "/system/ops/failures", platform(auth.View, access.Nothing), s.failures},
		{http.MethodGet, systemRun, platform(auth.View, access.Run), s.systemRun},
		{http.MethodGet, systemRun + "/temporal", platform(auth.View, access.Run), s.askTemporal},
		{http.MethodPost, systemRun + "/cancel", platform(auth.Operate, access.Run), s.cancel},
		{http.MethodPost, systemRun + "/retry", platform(auth.Operate, access.Run), s.retry},
		{http.MethodPost, systemRun + "/acknowledge", platform(auth.Operate, access.Run), s.acknowledge},
		{http.MethodPost, systemRun + "/reopen", platform(auth.Operate, access.Run), s.reopen},
		{http.MethodPost, systemRun + "/claim", platform(auth.Operate, access.Run), s.claim},
		{http.MethodPost, systemRun + "/release", platform(auth.Operate, access.Run), s.release},
	}
	if s.Metrics != nil {
		all = append(all, route{http.MethodGet, "/metrics", public, s.metrics})
	}
	all = withHead(append(all, s.extraRoutes()...))
	return append(all, s.apiRoutes()...)
}

// spends is the address whose GET uses up what it names: only who really opens it may.
const spends = "/sign-in/link/:secret"

// withHead answers HEAD wherever GET is answered, but for streams, which do not end; the server leaves the body out.
func withHead(all []route) []route {
	has := func(path string) bool {
		return slices.ContainsFunc(all, func(r route) bool { return r.Method == http.MethodHead && r.Path == path })
	}
	for _, r := range all {
		if r.Method == http.MethodGet && r.Path != spends && !api.Streams(r.Path) && !has(r.Path) {
			r.Method = http.MethodHead
			all = append(all, r)
		}
	}
	return all
}

func (s *server) apiRoutes() []route {
	const runs, system = "/api/v1/runs", "/api/v1/system/runs"
	var (
		viewAny = bearer(member(auth.View, access.Nothing))
		viewRun = bearer(member(auth.View, access.Run))
		operate = bearer(member(auth.Operate, access.Run))
		start   = bearer(access.Rule{Plane: links.Admin, Action: auth.Operate, InBody: true})
		sysAny  = bearer(platform(auth.View, access.Nothing))
		sysRun  = bearer(platform(auth.View, access.Run))
		triage  = bearer(platform(auth.Operate, access.Run))
	)
	w := api.New(s.Store, s.actions, s.Feed, s.UploadBytes, s.fail)
	return []route{
		{http.MethodGet, "/api/v1/openapi.yaml", public, s.document},
		{http.MethodGet, runs, viewAny, s.checked(w.ListRuns)},
		{http.MethodPost, runs, start, s.checked(w.StartRun)},
		{http.MethodPost, uploadsPath, start, s.withFile(s.checked(w.UploadFile))},
		{http.MethodGet, runs + "/:id", viewRun, s.checked(w.GetRun)},
		{http.MethodGet, runs + "/:id/timeline", viewRun, s.checked(w.GetTimeline)},
		{http.MethodGet, runs + "/:id/items", viewRun, s.checked(w.ListItems)},
		{http.MethodGet, runs + "/:id/reasons", viewRun, s.checked(w.ListReasons)},
		{http.MethodGet, runs + "/:id/evidence", viewRun, s.checked(w.GetEvidence)},
		{http.MethodGet, runs + "/:id/artifacts", viewRun, s.checked(w.ListArtifacts)},
		{http.MethodGet, runs + "/:id/artifacts/:name", viewRun, s.withFile(s.checked(w.GetArtifact))},
		{http.MethodPost, runs + "/:id/cancel", operate, s.checked(w.CancelRun)},
		{http.MethodPost, runs + "/:id/retry", operate, s.checked(w.RetryRun)},
		{http.MethodPost, runs + "/:id/acknowledge", operate, s.checked(w.AcknowledgeRun)},
		{http.MethodPost, runs + "/:id/reopen", operate, s.checked(w.ReopenRun)},
		{http.MethodPost, runs + "/:id/claim", operate, s.checked(w.ClaimRun)},
		{http.MethodPost, runs + "/:id/release", operate, s.checked(w.ReleaseRun)},
		{http.MethodGet, "/api/v1/notifications", viewAny, s.checked(w.ListNotifications)},
		{http.MethodPost, "/api/v1/notifications/read", viewAny, s.checked(w.ReadNotifications)},
		{http.MethodPost, "/api/v1/notifications/:run/read", viewAny, s.checked(w.ReadNotification)},
		{http.MethodGet, "/api/v1/types", viewAny, s.checked(w.ListTypes)},
		{http.MethodGet, "/api/v1/tenants", viewAny, s.checked(w.ListTenants)},
		{http.MethodGet, "/api/v1/connections", start, s.checked(w.ListConnections)},
		{http.MethodGet, "/api/v1/summary", viewAny, s.checked(w.GetSummary)},
		{http.MethodGet, api.Stream, viewAny, s.checked(w.StreamEvents)},
		{http.MethodGet, system, sysAny, s.checked(w.SystemListRuns)},
		{http.MethodGet, system + "/:id", sysRun, s.checked(w.SystemGetRun)},
		{http.MethodGet, system + "/:id/timeline", sysRun, s.checked(w.SystemGetTimeline)},
		{http.MethodGet, system + "/:id/items", sysRun, s.checked(w.SystemListItems)},
		{http.MethodGet, system + "/:id/reasons", sysRun, s.checked(w.SystemListReasons)},
		{http.MethodGet, system + "/:id/evidence", sysRun, s.checked(w.SystemGetEvidence)},
		{http.MethodPost, system + "/:id/cancel", triage, s.checked(w.SystemCancelRun)},
		{http.MethodPost, system + "/:id/retry", triage, s.checked(w.SystemRetryRun)},
		{http.MethodPost, system + "/:id/acknowledge", triage, s.checked(w.SystemAcknowledgeRun)},
		{http.MethodPost, system + "/:id/reopen", triage, s.checked(w.SystemReopenRun)},
		{http.MethodPost, system + "/:id/claim", triage, s.checked(w.SystemClaimRun)},
		{http.MethodPost, system + "/:id/release", triage, s.checked(w.SystemReleaseRun)},
		{http.MethodGet, "/api/v1/system/stuck", sysAny, s.checked(w.SystemListStuck)},
		{http.MethodGet, "/api/v1/system/failures", sysAny, s.checked(w.SystemListFailures)},
		{http.MethodGet, "/api/v1/system/types", sysAny, s.checked(w.SystemListTypes)},
		{http.MethodGet, "/api/v1/system/tenants", sysAny, s.checked(w.SystemListTenants)},
		{http.MethodGet, "/api/v1/system/summary", sysAny, s.checked(w.SystemGetSummary)},
		{http.MethodGet, api.SystemStream, sysAny, s.checked(w.SystemStreamEvents)},
	}
}

// checked calls an operation of the API with a request that is what the document says.
func (s *server) checked(operation gin.HandlerFunc) handler {
	return func(c *gin.Context, _ access.Access) error {
		if err := s.validator.Check(c.Request, c.FullPath(), c.Param); err != nil {
			return err
		}
		operation(c)
		return nil
	}
}
