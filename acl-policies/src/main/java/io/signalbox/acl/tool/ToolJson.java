package io.signalbox.acl.tool;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.proof.Change;
import io.signalbox.acl.proof.PolicyDiff;
import io.signalbox.acl.proof.WhoCan;
import io.signalbox.acl.proof.Witness;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.testing.TestReport;
import java.util.List;
import java.util.Map;

/** What the tools find as JSON, the same for the command line and the admin API. */
public final class ToolJson {
  private ToolJson() {}

  /** {@code {"problems":[{"file":...,"line":...,"column":...,"message":...}]}}. */
  public static JsonObject ofProblems(List<Problem> problems) {
    JsonArray all = new JsonArray();
    for (Problem problem : problems) {
      JsonObject one = position(problem.position());
      one.addProperty("message", problem.message());
      all.add(one);
    }
    return wrap("problems", all);
  }

  public static JsonObject ofFindings(List<Finding> findings) {
    JsonArray all = new JsonArray();
    for (Finding finding : findings) {
      JsonObject one = position(finding.position());
      one.addProperty("rule", finding.rule());
      one.addProperty("statement", finding.statement());
      one.addProperty("message", finding.message());
      all.add(one);
    }
    return wrap("findings", all);
  }

  public static JsonObject of(TestReport report) {
    JsonArray failures = new JsonArray();
    for (TestReport.Result result : report.results()) {
      if (!result.passed()) {
        JsonObject one = position(result.position());
        one.addProperty("what", result.what());
        one.addProperty("fault", result.fault());
        failures.add(one);
      }
    }
    JsonObject json = new JsonObject();
    json.addProperty("passed", report.results().size() - failures.size());
    json.addProperty("failed", failures.size());
    json.add("failures", failures);
    return json;
  }

  public static JsonObject of(Decision decision) {
    JsonObject json = new JsonObject();
    json.addProperty("allowed", decision.allowed());
    json.addProperty("reason", decision.reason().word());
    json.addProperty("statement", decision.statement());
    json.addProperty("text", decision.text());
    json.addProperty("bundle", decision.bundle());
    return json;
  }

  public static JsonObject of(Explanation explanation) {
    JsonArray lines = new JsonArray();
    for (Explanation.Line line : explanation.lines()) {
      JsonObject one = new JsonObject();
      one.addProperty("ref", line.ref());
      one.addProperty("speaks", line.speaks());
      one.addProperty("why", line.why());
      lines.add(one);
    }
    JsonObject json = wrap("decision", of(explanation.decision()));
    json.add("considered", lines);
    return json;
  }

  public static JsonObject of(WhoCan who) {
    JsonObject json = new JsonObject();
    json.addProperty("action", who.action().word());
    json.addProperty("request", who.request().toString());
    json.add("grants", rows(who.grants()));
    json.add("denials", rows(who.denials()));
    json.add("notes", texts(List.of(WhoCan.NOTE)));
    return json;
  }

  private static JsonArray rows(List<WhoCan.Row> rows) {
    JsonArray all = new JsonArray();
    for (WhoCan.Row row : rows) {
      JsonObject values = new JsonObject();
      for (Map.Entry<Attribute, String> value : row.values().entrySet()) {
        values.addProperty(value.getKey().toString(), value.getValue());
      }
      JsonObject one = new JsonObject();
      one.addProperty("statement", row.ref());
      one.addProperty("pattern", row.pattern().toString());
      one.add("values", values);
      one.addProperty("binding", row.binding());
      one.addProperty("text", row.text());
      row.example().map(Witness::toString).ifPresent(text -> one.addProperty("example", text));
      all.add(one);
    }
    return all;
  }

  public static JsonObject of(WhatCan what) {
    JsonObject json = new JsonObject();
    json.add("grants", entries(what.grants()));
    json.add("denials", entries(what.denials()));
    json.add("notes", texts(what.notes()));
    return json;
  }

  private static JsonArray entries(List<WhatCan.Entry> entries) {
    JsonArray all = new JsonArray();
    for (WhatCan.Entry entry : entries) {
      JsonObject one = new JsonObject();
      one.addProperty("action", entry.action().word());
      one.addProperty("pattern", entry.pattern());
      one.addProperty("literal", entry.literal());
      if (entry.action() == Action.PUBLISH) {
        one.addProperty("retain", entry.where().retain().word());
        if (entry.where().maxPayloadBytes() != Where.NO_MAX_PAYLOAD) {
          one.addProperty("maxPayload", entry.where().maxPayloadBytes());
        }
      }
      one.addProperty("maxQos", entry.where().maxQos());
      one.add("shareGroups", texts(entry.shareGroups()));
      one.addProperty("overlap", entry.overlap().word());
      one.addProperty("statement", entry.statement());
      all.add(one);
    }
    return all;
  }

  public static JsonObject of(PolicyDiff diff) {
    JsonArray all = new JsonArray();
    for (Change change : diff.changes()) {
      JsonObject one = new JsonObject();
      one.addProperty("change", change.gained() ? "gained" : "lost");
      one.addProperty("action", change.action().word());
      one.addProperty("statement", change.statement());
      one.addProperty("pattern", change.pattern());
      one.addProperty("certain", change.witness().isPresent());
      change.witness().map(Witness::toString).ifPresent(text -> one.addProperty("example", text));
      one.addProperty("text", change.text());
      all.add(one);
    }
    return wrap("changes", all);
  }

  private static JsonObject position(Position position) {
    JsonObject json = new JsonObject();
    json.addProperty("file", position.file());
    json.addProperty("line", position.line());
    json.addProperty("column", position.column());
    return json;
  }

  private static JsonArray texts(List<String> texts) {
    JsonArray all = new JsonArray();
    texts.forEach(all::add);
    return all;
  }

  private static JsonObject wrap(String key, JsonElement value) {
    JsonObject json = new JsonObject();
    json.add(key, value);
    return json;
  }
}
