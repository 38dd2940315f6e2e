package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.signalbox.acl.tool.ToolJson;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.ApiPolicies.Outlook;
import io.signalbox.server.auth.ApiPolicies.Past;
import io.signalbox.server.auth.ApiPolicies.RolledBack;
import io.signalbox.server.auth.PolicyException;
import io.signalbox.server.registry.Change;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.JsonOut;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.PolicyRevision;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What became of the policies, and the way back. */
final class PolicyRevisionRoutes {
  private static final String ONE = "/policy-revisions/{number}";

  private final ApiPolicies policies;
  private final Views views;

  private static final String GONE = "who it was attached to has been removed since";

  /** A trial compiles all policies and compares what everybody may do. */
  private final Turnstile trials =
      new Turnstile(
          "somebody else tries a rollback right now, which one may do at a time; repeat it");

  PolicyRevisionRoutes(ApiPolicies policies, Views views) {
    this.policies = policies;
    this.views = views;
  }

  List<Route> routes() {
    return List.of(
        Route.list("/policy-revisions", Role.VIEWER, Set.of(), this::list),
        Route.get(ONE, Role.VIEWER, this::get),
        new Route(
            "POST",
            ONE + "/rollback",
            Role.ADMIN,
            Set.of("dryRun"),
            Route.Body.NONE,
            this::rollback));
  }

  /** Newest first; the cursor is the last number of the page before. */
  private ApiResponse list(ApiRequest request) throws ApiException {
    long before = request.cursor().isEmpty() ? Long.MAX_VALUE : number(request.cursor());
    int limit = request.limit();
    List<PolicyRevision> found =
        policies.revisions().reversed().stream()
            .filter(revision -> revision.number() < before)
            .limit(limit + 1L)
            .toList();
    var items = new JsonArray();
    found.stream().limit(limit).forEach(revision -> items.add(view(revision)));
    return ApiResponse.page(
        items, found.size() > limit ? String.valueOf(found.get(limit - 1).number()) : null);
  }

  private ApiResponse get(ApiRequest request) throws ApiException, RegistryException {
    return ApiResponse.of(view(policies.revision(number(request.parameter("number")))));
  }

  private ApiResponse rollback(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    if (request.flag("dryRun").orElse(false)) {
      return trials.guard(this::tried).run(request);
    }
    try {
      return done(
          policies.rollback(
              number(request.parameter("number")),
              request.condition().revision(),
              request.caller().actor()));
    } catch (PolicyException e) {
      throw PolicyProblems.refusal(e.problems(), "");
    }
  }

  private ApiResponse tried(ApiRequest request) throws ApiException, RegistryException {
    Outlook outlook;
    try {
      outlook =
          policies.tryRollback(number(request.parameter("number")), request.condition().revision());
    } catch (PolicyException e) {
      throw PolicyProblems.refusal(e.problems(), "");
    }
    var out = new JsonObject();
    out.addProperty("dryRun", true);
    out.addProperty("revision", outlook.latest());
    out.add("changes", changes(outlook.changes()));
    out.add("leftOut", leftOut(outlook.leftOut()));
    out.add("access", ToolJson.of(outlook.access()).get("changes"));
    if (!outlook.givenUp().isEmpty()) {
      out.add("notes", JsonOut.list(outlook.givenUp().stream().map(Object::toString).toList()));
    }
    return ApiResponse.of(out);
  }

  private ApiResponse done(RolledBack back) {
    List<Change<?>> changes = new ArrayList<>();
    List<ApiResponse.AuditedChange> audited = new ArrayList<>();
    for (Written<?> written : back.written()) {
      Change<?> change = change(written);
      changes.add(change);
      audited.add(
          new ApiResponse.AuditedChange(
              path(change),
              ApiResponse.orNull(whole(change.before())),
              ApiResponse.orNull(whole(change.after())),
              PolicyRoutes.detail(back.revision()) + ", " + back.revision().cause()));
      if (change.after() == null && change.before() instanceof StoredPolicy policy) {
        views.forgetPolicy(policy.name());
      }
    }
    for (PolicyAttachment attachment : back.leftOut()) {
      audited.add(
          new ApiResponse.AuditedChange(
              "/attachments/" + attachment.name(),
              JsonNull.INSTANCE,
              JsonNull.INSTANCE,
              "not attached by the rollback: " + GONE));
    }
    var out = new JsonObject();
    out.addProperty("dryRun", false);
    out.addProperty("revision", back.revision().number());
    out.add("changes", changes(changes));
    out.add("leftOut", leftOut(back.leftOut()));
    ApiResponse response = ApiResponse.of(StatusCodes.OK, out, back.revision().number());
    return audited.isEmpty() ? response : response.changing(audited);
  }

  private static <E extends Entry<E>> Change<E> change(Written<E> written) {
    E before = written.before();
    E some = before == null ? written.entry() : before;
    return new Change<>(some.kind(), some.name(), before, written.after());
  }

  private static String path(Change<?> change) {
    return "/" + change.kind().path() + "/" + change.name();
  }

  private static long number(String text) throws ApiException {
    if (!text.matches("[0-9]{1,18}")) {
      throw new ApiException(
          ApiProblem.Type.MALFORMED, "a revision of the policies has a number, such as 42");
    }
    return Long.parseLong(text);
  }

  // ---- views

  private JsonArray changes(List<Change<?>> changes) {
    var all = new JsonArray();
    for (Change<?> change : changes) {
      String became =
          change.before() == null ? "created" : change.after() == null ? "removed" : "changed";
      String what = change.kind() == Kind.POLICY ? "policy" : "attachment";
      all.add(change(what, change.name(), became, whole(change.before()), whole(change.after())));
    }
    return all;
  }

  private static JsonArray leftOut(List<PolicyAttachment> attachments) {
    var all = new JsonArray();
    for (PolicyAttachment attachment : attachments) {
      var one = new JsonObject();
      one.addProperty("name", attachment.name());
      one.addProperty("why", GONE);
      all.add(one);
    }
    return all;
  }

  private static JsonObject change(
      String what,
      String name,
      String became,
      @Nullable JsonObject before,
      @Nullable JsonObject after) {
    var out = new JsonObject();
    out.addProperty("what", what);
    out.addProperty("name", name);
    out.addProperty("became", became);
    if (before != null) {
      out.add("before", before);
    }
    if (after != null) {
      out.add("after", after);
    }
    return out;
  }

  private static JsonObject view(PolicyRevision revision) {
    return view(new Past(revision, List.of()));
  }

  private static JsonObject view(Past past) {
    PolicyRevision revision = past.revision();
    var out = new JsonObject();
    out.addProperty("number", revision.number());
    out.addProperty("at", Views.time(revision.atMillis()));
    out.addProperty("author", revision.author());
    out.addProperty("cause", revision.cause());
    out.addProperty("bundle", revision.bundle());
    var all = new JsonArray();
    for (int i = 0; i < revision.deltas().size(); i++) {
      PolicyRevision.Delta delta = revision.deltas().get(i);
      boolean whole = !past.after().isEmpty();
      all.add(
          change(
              delta.what().word(),
              delta.name(),
              delta.became().word(),
              whole ? content(delta.before()) : null,
              whole ? content(past.after().get(i).orElse(null)) : null));
    }
    out.add("changes", all);
    return out;
  }

  /** What an entry says; when it was stored is not kept. */
  private static @Nullable JsonObject content(@Nullable Entry<?> entry) {
    if (entry == null) {
      return null;
    }
    var out = new JsonObject();
    entry.write(out);
    return out;
  }

  private @Nullable JsonObject whole(@Nullable Entry<?> entry) {
    return entry == null ? null : views.whole(entry);
  }
}
