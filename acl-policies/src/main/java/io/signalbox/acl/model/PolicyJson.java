package io.signalbox.acl.model;

import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A policy as JSON in one fixed form: keys in the order of the language, defaults left out, single
 * values as lists. Reading it back gives the same policy, so that it serves as what is hashed and
 * compared as well as what the API answers.
 */
public final class PolicyJson {
  private static final List<Action> ACTIONS = List.of(Action.values());

  private final JsonText json;

  private PolicyJson(JsonText json) {
    this.json = json;
  }

  /** The whole policy, without its namespace and positions. */
  public static String of(Policy policy) {
    JsonText json = new JsonText();
    new PolicyJson(json).policy(policy);
    return json.toString();
  }

  /**
   * Only what changes decisions for a client that the policy is bound to: not who it binds to, not
   * descriptions.
   */
  public static String effectOf(Policy policy) {
    JsonText json = new JsonText();
    PolicyJson writer = new PolicyJson(json);
    json.beginObject();
    writer.text("name", policy.ref());
    writer.settings(policy);
    writer.statements(policy, false);
    json.endObject();
    return json.toString();
  }

  private void policy(Policy policy) {
    json.beginObject();
    json.name("version").value(1);
    text("name", policy.name());
    text("description", policy.description());
    if (policy.mode() != Mode.ENFORCE) {
      text("mode", policy.mode().word());
    }
    text("replaces", policy.replaces().orElse(""));
    if (policy.match().isPresent()) {
      json.name("match");
      match(policy.match().get());
    }
    settings(policy);
    statements(policy, true);
    json.endObject();
  }

  private void settings(Policy policy) {
    text("onDenied", policy.onDenied().map(OnDenied::word).orElse(""));
    text("onRevoke", policy.onRevoke().map(OnRevoke::word).orElse(""));
  }

  private void statements(Policy policy, boolean descriptions) {
    json.name("statements");
    json.beginArray();
    for (Statement statement : policy.statements()) {
      json.beginObject();
      text("id", statement.id());
      text("description", descriptions ? statement.description() : "");
      text("effect", statement.effect().word());
      actions(statement.actions());
      texts("clientIds", statement.clientIds(), NameTemplate::toString);
      texts("topics", statement.topics(), TopicTemplate::toString);
      texts("literalFilters", statement.literalFilters(), TopicTemplate::toString);
      texts("shareGroups", statement.shareGroups(), NameTemplate::toString);
      if (statement.overlap() != Overlap.REFUSE) {
        text("overlap", statement.overlap().word());
      }
      where(statement.where(), Where.nothing(statement.effect()));
      json.endObject();
    }
    json.endArray();
  }

  private void actions(Set<Action> actions) {
    if (actions.isEmpty()) {
      return;
    }
    json.name("actions");
    json.beginArray();
    for (Action action : ACTIONS) {
      if (actions.contains(action)) {
        json.value(action.word());
      }
    }
    json.endArray();
  }

  private void where(Where where, Where nothing) {
    if (where.equals(nothing)) {
      return;
    }
    json.name("where");
    json.beginObject();
    texts("transport", where.transports(), transport -> transport.word());
    texts("listener", where.listeners(), Glob::text);
    texts("source", where.sources(), Cidr::toString);
    texts("tlsVersion", where.tlsVersions(), version -> version.word());
    texts("auth", where.authMethods(), method -> method.word());
    if (where.retain() != nothing.retain()) {
      text("retain", where.retain().word());
    }
    if (where.maxQos() != nothing.maxQos()) {
      json.name("maxQos").value(where.maxQos());
    }
    if (where.maxPayloadBytes() != nothing.maxPayloadBytes()) {
      json.name("maxPayload").value(where.maxPayloadBytes());
    }
    json.endObject();
  }

  private void match(Match match) {
    json.beginObject();
    boolean direct = match.all().size() == 1 && match.any().isEmpty() && match.not().isEmpty();
    if (direct) {
      condition(match.all().getFirst());
    } else if (match.equals(Match.EVERYONE)) {
      json.name("everyone").value(true);
    } else {
      conditions("all", match.all());
      conditions("any", match.any());
      conditions("not", match.not());
    }
    json.endObject();
  }

  private void conditions(String key, List<Condition> conditions) {
    if (conditions.isEmpty()) {
      return;
    }
    json.name(key);
    json.beginArray();
    for (Condition condition : conditions) {
      json.beginObject();
      condition(condition);
      json.endObject();
    }
    json.endArray();
  }

  /** Tests are written under the keys that they were read from: {@code cert: { ou: [...] }}. */
  private void condition(Condition condition) {
    if (condition.tests().isEmpty()) {
      json.name("everyone").value(true);
    }
    Map<String, List<Test>> sections = new LinkedHashMap<>();
    for (Test test : condition.tests()) {
      sections.computeIfAbsent(section(test.attribute()), _ -> new ArrayList<>()).add(test);
    }
    for (Map.Entry<String, List<Test>> entry : sections.entrySet()) {
      String section = entry.getKey();
      if (section.equals("cert") || section.equals("jwt") || section.equals("device")) {
        json.name(section);
        json.beginObject();
        section(entry.getValue());
        json.endObject();
      } else {
        texts(section, entry.getValue().getFirst().anyOf(), Glob::text);
      }
    }
  }

  private void section(List<Test> tests) {
    String open = "";
    for (Test test : tests) {
      String map =
          switch (test.attribute().kind()) {
            case JWT_CLAIM -> "claims";
            case DEVICE_ATTRIBUTE -> "attr";
            default -> "";
          };
      if (!map.isEmpty() && open.isEmpty()) {
        json.name(map);
        json.beginObject();
        open = map;
      }
      texts(field(test.attribute()), test.anyOf(), Glob::text);
    }
    if (!open.isEmpty()) {
      json.endObject();
    }
  }

  private static String section(Attribute attribute) {
    return switch (attribute.kind()) {
      case CLIENT_ID -> "client";
      case USER_NAME -> "user";
      case DEVICE_ID, DEVICE_ATTRIBUTE -> "device";
      case CERT_CA,
          CERT_CN,
          CERT_SERIAL,
          CERT_FINGERPRINT,
          CERT_ISSUER_CN,
          CERT_OU,
          CERT_DNS_SAN,
          CERT_URI_SAN,
          CERT_EMAIL_SAN ->
          "cert";
      case JWT_ISSUER, JWT_SUB, JWT_AUD, JWT_CLAIM -> "jwt";
      case GROUP -> "group";
      case LISTENER -> "listener";
      case TRANSPORT -> "transport";
      case AUTH_METHOD -> "auth";
    };
  }

  private static String field(Attribute attribute) {
    return switch (attribute.kind()) {
      case JWT_CLAIM, DEVICE_ATTRIBUTE -> attribute.argument();
      case JWT_ISSUER -> "issuer";
      default -> attribute.toString().substring(attribute.toString().indexOf('.') + 1);
    };
  }

  private void text(String key, String value) {
    if (!value.isEmpty()) {
      json.name(key).value(value);
    }
  }

  private <T> void texts(String key, List<T> values, Function<T, String> word) {
    if (values.isEmpty()) {
      return;
    }
    json.name(key);
    json.beginArray();
    for (T value : values) {
      json.value(word.apply(value));
    }
    json.endArray();
  }
}
