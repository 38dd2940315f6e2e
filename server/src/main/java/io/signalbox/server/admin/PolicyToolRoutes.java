package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.SubscribeDecision;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.filter.SharedFilter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.proof.Effort;
import io.signalbox.acl.proof.WhoCan;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.testing.PolicyTest;
import io.signalbox.acl.testing.TestParser;
import io.signalbox.acl.testing.TestRunner;
import io.signalbox.acl.tool.AccessRequest;
import io.signalbox.acl.tool.Explanation;
import io.signalbox.acl.tool.Finding;
import io.signalbox.acl.tool.Linter;
import io.signalbox.acl.tool.ToolJson;
import io.signalbox.acl.tool.WhatCan;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.PolicyException;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.JsonOut;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.StoredPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Questions about the policies in force, answered by the engine that decides. Changes nothing. */
final class PolicyToolRoutes {
  private static final String ROOT = "/policy-tools/";
  private static final SourceLimits TEST_LIMITS = new SourceLimits(1 << 20, 16, 100_000);
  private static final String OF_SERVER =
      "the server refuses it whatever policies say: topics that start with \"$\" are its own";
  private static final int REQUEST_MAX = 65_535;
  private static final int PAYLOAD_MAX = 268_435_455;

  private final ApiPolicies policies;
  private final PolicyClients clients;

  /** For what looks at all policies, and not at those of one client. */
  private final Turnstile all =
      new Turnstile(
          "somebody else asks about all policies right now, which one may do at a time; repeat it");

  PolicyToolRoutes(ApiPolicies policies, PolicyClients clients) {
    this.policies = policies;
    this.clients = clients;
  }

  List<Route> routes() {
    return List.of(
        Route.ask(ROOT + "validate", Role.VIEWER, Route.Body.POLICY, all.guard(this::validate)),
        Route.get(ROOT + "lint", Role.VIEWER, all.guard(_ -> lint())),
        Route.ask(ROOT + "test", Role.VIEWER, Route.Body.POLICY, all.guard(this::test)),
        Route.ask(ROOT + "authorize", Role.VIEWER, Route.Body.JSON, this::authorize),
        Route.ask(ROOT + "explain", Role.VIEWER, Route.Body.JSON, this::explain),
        Route.ask(ROOT + "who-can", Role.VIEWER, Route.Body.JSON, all.guard(this::whoCan)),
        Route.ask(ROOT + "what-can", Role.VIEWER, Route.Body.JSON, this::whatCan));
  }

  // ---- documents

  private ApiResponse validate(ApiRequest request) throws ApiException, RegistryException {
    StoredPolicy.Format format =
        request.isYaml() ? StoredPolicy.Format.YAML : StoredPolicy.Format.JSON;
    var out = new JsonObject();
    try {
      ApiPolicies.Valid valid = policies.validate("", format, request.text());
      String canonical = PolicyJson.of(valid.policy());
      out.addProperty("valid", true);
      out.add("problems", new JsonArray());
      out.add("policy", JsonParser.parseString(canonical));
      out.addProperty("sha256", PolicyViews.sha256(canonical));
      String ref = valid.policy().ref();
      List<Finding> warnings = new ArrayList<>();
      valid
          .givenUp()
          .forEach(
              test ->
                  warnings.add(new Finding(test.position(), "test-given-up", ref, test.message())));
      Linter.lint(valid.bundle(), Optional.empty()).stream()
          .filter(
              finding ->
                  finding.statement().equals(ref) || finding.statement().startsWith(ref + "#"))
          .forEach(warnings::add);
      out.add("warnings", ToolJson.ofFindings(warnings).get("findings"));
    } catch (PolicyException e) {
      out.addProperty("valid", false);
      out.add("problems", ToolJson.ofProblems(e.problems()).get("problems"));
      out.add("warnings", new JsonArray());
    }
    return ApiResponse.of(out);
  }

  private ApiResponse lint() {
    return ApiResponse.of(ToolJson.ofFindings(Linter.lint(policies.inForce(), Optional.empty())));
  }

  private ApiResponse test(ApiRequest request) throws ApiException {
    String file = request.isYaml() ? "test.yaml" : "test.json";
    Problems problems = new Problems();
    Optional<PolicyTest> test = TestParser.parse(file, request.text(), TEST_LIMITS, problems);
    if (test.isEmpty()) {
      throw PolicyProblems.refusal(problems.list(), file);
    }
    return ApiResponse.of(
        ToolJson.of(TestRunner.run(policies.inForce(), List.of(test.get()), Effort.ofOneAnswer())));
  }

  // ---- decisions

  private record Question(Subject client, List<String> notes, AccessRequest request) {}

  private Question question(ApiRequest request) throws ApiException, RegistryException {
    JsonObject body = request.json();
    Fields in = Fields.of(body);
    Action action = action(in, List.of("connect", "publish", "subscribe", "receive"));
    String topic = action == Action.CONNECT ? "" : in.required("topic", REQUEST_MAX);
    int qos = (int) in.number("qos", 0, 0, 2);
    boolean retain = in.flag("retain", false);
    int payload = (int) in.number("payloadBytes", 0, 0, PAYLOAD_MAX);
    PolicyClients.Asked asked = clients.read(in, body);
    in.end();
    return new Question(
        asked.subject(),
        action == Action.PUBLISH && topic.startsWith("$")
            ? Stream.concat(asked.notes().stream(), Stream.of(OF_SERVER)).toList()
            : asked.notes(),
        action == Action.CONNECT
            ? new AccessRequest(action, asked.subject().clientId(), qos, retain, payload, null)
            : asked(action, topic, qos, retain, payload));
  }

  private static JsonObject noted(JsonObject answer, List<String> notes) {
    if (!notes.isEmpty()) {
      answer.add("notes", JsonOut.list(notes));
    }
    return answer;
  }

  private static Action action(Fields in, List<String> words) {
    String word = in.choice("action", "", words);
    return word.isEmpty() ? Action.CONNECT : Action.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static AccessRequest asked(
      Action action, String topic, int qos, boolean retain, int payload) throws RegistryException {
    if (action == Action.SUBSCRIBE && SharedFilter.isShared(topic)) {
      try {
        SharedFilter shared = SharedFilter.of(topic);
        return new AccessRequest(action, shared.filter(), qos, retain, payload, shared.shareName());
      } catch (IllegalArgumentException e) {
        throw RegistryException.invalid("/topic", String.valueOf(e.getMessage()));
      }
    }
    requireTopic(action, topic);
    return new AccessRequest(action, topic, qos, retain, payload, null);
  }

  private static void requireTopic(Action action, String topic) throws RegistryException {
    String fault = action == Action.SUBSCRIBE ? Filter.fault(topic) : Filter.topicFault(topic);
    if (!fault.isEmpty()) {
      throw RegistryException.invalid("/topic", fault);
    }
  }

  private ApiResponse authorize(ApiRequest request) throws ApiException, RegistryException {
    Question question = question(request);
    PolicyBundle bundle = policies.inForce();
    BoundPolicies bound = bundle.bind(question.client);
    AccessRequest asked = question.request;
    Decision decision;
    int grantedQos = -1;
    if (asked.action() == Action.SUBSCRIBE) {
      SubscribeDecision subscribe =
          bound.decideSubscribe(asked.request(), asked.qos(), asked.shareGroup());
      decision = subscribe.decision();
      grantedQos = subscribe.allowed() ? subscribe.grantedQos() : -1;
    } else {
      decision = Explanation.of(bundle, question.client, asked).decision();
    }
    JsonObject out = ToolJson.of(decision);
    if (grantedQos >= 0) {
      out.addProperty("grantedQos", grantedQos);
    }
    out.addProperty("clientId", question.client.clientId());
    out.add("policies", JsonOut.list(bound.policies()));
    return ApiResponse.of(noted(out, question.notes));
  }

  private ApiResponse explain(ApiRequest request) throws ApiException, RegistryException {
    Question question = question(request);
    Explanation explanation = Explanation.of(policies.inForce(), question.client, question.request);
    return ApiResponse.of(noted(ToolJson.of(explanation), question.notes));
  }

  private ApiResponse whoCan(ApiRequest request) throws ApiException, RegistryException {
    Fields in = request.fields();
    Action action = action(in, List.of("publish", "subscribe"));
    String topic = in.required("topic", REQUEST_MAX);
    in.end();
    requireTopic(action, topic);
    return ApiResponse.of(ToolJson.of(WhoCan.of(policies.inForce(), action, Filter.of(topic))));
  }

  private ApiResponse whatCan(ApiRequest request) throws ApiException, RegistryException {
    JsonObject body = request.json();
    Fields in = Fields.of(body);
    PolicyClients.Asked asked = clients.read(in, body);
    in.end();
    WhatCan rights = WhatCan.of(policies.inForce(), asked.subject());
    List<String> notes = Stream.concat(rights.notes().stream(), asked.notes().stream()).toList();
    return ApiResponse.of(ToolJson.of(new WhatCan(rights.grants(), rights.denials(), notes)));
  }
}
