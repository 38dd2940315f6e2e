package io.signalbox.acl.tool;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Effect;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.testing.TestReport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Finds what is valid and yet probably not meant. */
public final class Linter {
  private final PolicyBundle bundle;
  private final Optional<TestReport> tests;
  private final List<Finding> findings = new ArrayList<>();

  private Linter(PolicyBundle bundle, Optional<TestReport> tests) {
    this.bundle = bundle;
    this.tests = tests;
  }

  /**
   * @param tests empty: whether tests hit every statement is not looked at
   * @return by position
   */
  public static List<Finding> lint(PolicyBundle bundle, Optional<TestReport> tests) {
    Linter linter = new Linter(bundle, tests);
    for (Policy policy : bundle.policies()) {
      linter.policy(policy);
      for (Statement statement : policy.statements()) {
        linter.breadth(policy, statement);
        linter.variables(policy, statement);
        linter.effects(policy, statement);
      }
    }
    linter.findings.sort(Comparator.comparing(Finding::position));
    return List.copyOf(linter.findings);
  }

  /** One finding a line. */
  public static String text(List<Finding> findings) {
    return String.join("", findings.stream().map(finding -> finding + "\n").toList());
  }

  private void policy(Policy policy) {
    boolean attached = bundle.attachments().stream().anyMatch(a -> a.policy().equals(policy.ref()));
    if (policy.match().isEmpty() && !attached) {
      add(policy, "bound-to-nobody", "has no \"match\" and is attached to nothing");
    }
    boolean topics = false;
    for (Statement statement : policy.statements()) {
      topics |= !statement.isDeny() && !statement.actions().equals(Set.of(Action.CONNECT));
    }
    if (topics && !mayConnect(policy)) {
      add(
          policy,
          "no-connect",
          "allows topics, but neither it nor a policy bound to the same clients allows them to"
              + " connect");
    }
  }

  /** Whether some statement on CONNECT may bind together with this policy. */
  private boolean mayConnect(Policy policy) {
    return Stream.concat(Stream.of(policy), sameClients(policy))
        .flatMap(other -> other.statements().stream())
        .anyMatch(s -> !s.isDeny() && s.actions().contains(Action.CONNECT));
  }

  /** Other policies that bind wherever this one does, as far as their texts show. */
  private Stream<Policy> sameClients(Policy policy) {
    Set<String> targets = attachedTo(policy);
    return bundle.policies().stream()
        .filter(other -> !other.equals(policy))
        .filter(
            other ->
                bindsEveryone(other)
                    || (other.match().isPresent() && other.match().equals(policy.match()))
                    || (!targets.isEmpty()
                        && policy.match().isEmpty()
                        && attachedTo(other).containsAll(targets)));
  }

  private static boolean bindsEveryone(Policy policy) {
    return policy.match().stream()
        .anyMatch(
            match ->
                match.any().isEmpty()
                    && match.not().isEmpty()
                    && match.all().stream().allMatch(condition -> condition.tests().isEmpty()));
  }

  private Set<String> attachedTo(Policy policy) {
    Set<String> targets = new HashSet<>();
    bundle.attachments().stream()
        .filter(a -> a.policy().equals(policy.ref()))
        .forEach(a -> targets.add(a.kind() + " " + a.target()));
    return targets;
  }

  private void breadth(Policy policy, Statement statement) {
    if (statement.isDeny()) {
      return;
    }
    for (TopicTemplate topic : statement.topics()) {
      String text = topic.toString();
      everything(policy, statement, text);
      boolean ofServer =
          topic.levels().getFirst().parts().getFirst() instanceof Template.Literal(String start)
              && start.startsWith("$");
      if (ofServer && statement.actions().contains(Action.PUBLISH)) {
        add(
            policy,
            statement,
            "publish-to-server",
            "\"" + text + "\" is the server's, which refuses to publish to it whatever is allowed");
      }
      boolean wild = topic.levels().stream().anyMatch(level -> level.toString().matches("[+#]"));
      boolean free = topic.levels().stream().allMatch(Template::isLiteral);
      if (wild
          && free
          && statement.actions().contains(Action.PUBLISH)
          && statement.where().retain() != RetainRule.FORBID) {
        add(
            policy,
            statement,
            "retain-on-wildcard",
            "retained messages may be left under every topic of \"" + text + "\"");
      }
    }
    for (TopicTemplate filter : statement.literalFilters()) {
      everything(policy, statement, filter.toString());
    }
    if (statement.shareGroups().stream().anyMatch(group -> group.toString().equals("*"))) {
      add(
          policy,
          statement,
          "any-share-group",
          "joining any share group takes messages from those who are in it");
    }
  }

  /** The same for a pattern and for a filter allowed as text: it brings as much. */
  private void everything(Policy policy, Statement statement, String text) {
    if (text.equals("#")) {
      add(policy, statement, "allow-all", "allows every topic (\"#\")");
    }
    if (text.startsWith("$SYS/") && statement.actions().contains(Action.SUBSCRIBE)) {
      add(policy, statement, "exposes-sys", "\"" + text + "\" shows how the server works inside");
    }
  }

  private void variables(Policy policy, Statement statement) {
    Set<Attribute> used = new HashSet<>();
    statement.topics().forEach(topic -> used.addAll(topic.variables()));
    statement.literalFilters().forEach(topic -> used.addAll(topic.variables()));
    statement.clientIds().forEach(name -> used.addAll(name.template().variables()));
    statement.shareGroups().forEach(name -> used.addAll(name.template().variables()));
    for (Attribute variable : used) {
      unbound(variable, policy)
          .ifPresent(
              why -> add(policy, statement, "unbound-variable", "${" + variable + "} " + why));
    }
    if (used.contains(new Attribute(Kind.CLIENT_ID)) && !pinsClientId(policy)) {
      add(
          policy,
          statement,
          "unpinned-client-id",
          "uses ${client.id}, but clients may choose it: pin it by \"clientIds\" of a connect"
              + " statement");
    }
  }

  /** Why some client that the policy binds may lack a value. */
  private static Optional<String> unbound(Attribute variable, Policy policy) {
    if (policy.match().isEmpty()) {
      return Optional.empty(); // bound by attachment: nothing is known
    }
    String family = family(variable.kind());
    if (family.isEmpty()) {
      return Optional.empty();
    }
    var match = policy.match().get();
    boolean always = match.all().stream().anyMatch(c -> looksAt(c.tests(), family));
    boolean branches =
        !match.any().isEmpty() && match.any().stream().allMatch(c -> looksAt(c.tests(), family));
    if (always || branches) {
      return Optional.empty();
    }
    return Optional.of(
        match.any().isEmpty()
            ? "has no value unless \"match\" asks for " + family
            : "has no value in a branch of \"match\" that does not ask for " + family);
  }

  private static boolean looksAt(List<Test> tests, String family) {
    return tests.stream().anyMatch(test -> family(test.attribute().kind()).equals(family));
  }

  /** What a client must have for the attribute to have a value; "" when every client has it. */
  private static String family(Kind kind) {
    return switch (kind) {
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
      case USER_NAME -> "user";
      // A device id comes with the registry or the certificate, whatever the match asks for.
      case DEVICE_ID, DEVICE_ATTRIBUTE, CLIENT_ID, LISTENER, TRANSPORT, AUTH_METHOD -> "";
    };
  }

  private boolean pinsClientId(Policy policy) {
    List<NameTemplate> names = new ArrayList<>();
    Stream.concat(Stream.of(policy), sameClients(policy))
        .flatMap(other -> other.statements().stream())
        .filter(s -> !s.isDeny() && s.actions().contains(Action.CONNECT))
        .forEach(s -> names.addAll(s.clientIds()));
    return !names.isEmpty() && names.stream().noneMatch(Linter::isOpen);
  }

  /** Whether it admits identifiers that the client chooses; its own is whichever it chose. */
  private static boolean isOpen(NameTemplate name) {
    Template template = name.template();
    return (name.prefix() && template.isLiteral())
        || template.variables().contains(new Attribute(Kind.CLIENT_ID));
  }

  private void effects(Policy policy, Statement statement) {
    if (statement.isDeny()) {
      if (deniesNothing(statement)) {
        add(policy, statement, "deny-of-nothing", "denies nothing that any statement allows");
      }
    } else {
      for (TopicTemplate topic : statement.topics()) {
        unreachable(policy, statement, topic);
      }
      redundant(policy, statement);
    }
    if (tests.isPresent() && !tests.get().decided().contains(policy.ref(statement))) {
      add(policy, statement, "untested", "no test is decided by this statement");
    }
  }

  private boolean deniesNothing(Statement deny) {
    boolean connect = deny.actions().contains(Action.CONNECT);
    return !connect
        && allowsThat(deny)
            .noneMatch(
                allow ->
                    Stream.concat(allow.topics().stream(), allow.literalFilters().stream())
                        .anyMatch(
                            a ->
                                Stream.concat(
                                        deny.topics().stream(), deny.literalFilters().stream())
                                    .anyMatch(d -> widest(d).intersects(widest(a)))));
  }

  /** Allows that speak of an action of the deny; what may be subscribed to may be received. */
  private Stream<Statement> allowsThat(Statement deny) {
    return bundle.policies().stream()
        .flatMap(policy -> policy.statements().stream())
        .filter(
            s ->
                s.effect() == Effect.ALLOW
                    && s.actions().stream()
                        .anyMatch(
                            action ->
                                deny.actions().contains(action)
                                    || (action == Action.SUBSCRIBE
                                        && deny.actions().contains(Action.RECEIVE))));
  }

  private static Filter widest(TopicTemplate topic) {
    return topic.widest(Map.of());
  }

  /** Denied wholly by a statement that binds whenever this one does. */
  private void unreachable(Policy policy, Statement allow, TopicTemplate topic) {
    Stream.concat(Stream.of(policy), sameClients(policy))
        .flatMap(other -> other.statements().stream().map(s -> Map.entry(other, s)))
        .filter(
            e ->
                e.getValue().isDeny()
                    && !e.getValue().where().asksOfConnection()
                    && e.getValue().where().retain() == RetainRule.ALLOW
                    && e.getValue().shareGroups().isEmpty()
                    && e.getValue().actions().containsAll(allow.actions())
                    && e.getValue().topics().stream().anyMatch(d -> covers(d, topic)))
        .findFirst()
        .ifPresent(
            e ->
                add(
                    policy,
                    allow,
                    "unreachable-allow",
                    "\"%s\" is denied by %s".formatted(topic, e.getKey().ref(e.getValue()))));
  }

  /** Whether every client's value of the one contains the same client's value of the other. */
  private static boolean covers(TopicTemplate wide, TopicTemplate narrow) {
    return wide.equals(narrow)
        || (wide.isLiteral() && widest(wide).contains(widest(narrow)))
        || sameUpToTail(wide, narrow);
  }

  /** {@code a/${x}/#} covers {@code a/${x}/b}: variables at the same levels, wildcards after. */
  private static boolean sameUpToTail(TopicTemplate wide, TopicTemplate narrow) {
    for (int i = 0; i < wide.levels().size() && i < narrow.levels().size(); i++) {
      boolean fixed = wide.levels().get(i).isLiteral();
      if (!fixed && !wide.levels().get(i).equals(narrow.levels().get(i))) {
        return false;
      }
    }
    return widest(wide).contains(widest(narrow));
  }

  /** Allowed as well by another statement that binds whenever this one does and limits no more. */
  private void redundant(Policy policy, Statement statement) {
    if (statement.topics().isEmpty() || !statement.literalFilters().isEmpty()) {
      return;
    }
    Stream.concat(Stream.of(policy), sameClients(policy))
        .flatMap(other -> other.statements().stream().map(s -> Map.entry(other, s)))
        .filter(
            e -> {
              Statement other = e.getValue();
              return other != statement
                  && !other.isDeny()
                  && other.actions().containsAll(statement.actions())
                  && limitsNoMore(other, statement)
                  && statement.topics().stream()
                      .allMatch(t -> other.topics().stream().anyMatch(o -> covers(o, t)))
                  && !isSecondOfTwins(policy, statement, e.getKey(), other);
            })
        .findFirst()
        .ifPresent(
            e ->
                add(
                    policy,
                    statement,
                    "redundant-allow",
                    "everything it allows is allowed by " + e.getKey().ref(e.getValue())));
  }

  /** Of two equal statements only the second is redundant. */
  private static boolean isSecondOfTwins(
      Policy policy, Statement statement, Policy otherPolicy, Statement other) {
    return other.topics().equals(statement.topics())
        && other.where().equals(statement.where())
        && policy.ref(statement).compareTo(otherPolicy.ref(other)) < 0;
  }

  private static boolean limitsNoMore(Statement wide, Statement narrow) {
    Where w = wide.where();
    Where n = narrow.where();
    boolean sameConnection =
        !w.asksOfConnection()
            || (w.transports().equals(n.transports())
                && w.listeners().equals(n.listeners())
                && w.sources().equals(n.sources())
                && w.tlsVersions().equals(n.tlsVersions())
                && w.authMethods().equals(n.authMethods()));
    return sameConnection
        && (w.retain() == RetainRule.ALLOW || w.retain() == n.retain())
        && w.maxQos() >= n.maxQos()
        && w.maxPayloadBytes() >= n.maxPayloadBytes()
        && wide.shareGroups().containsAll(narrow.shareGroups())
        && wide.overlap() == Overlap.REFUSE;
  }

  private void add(Policy policy, Statement statement, String rule, String message) {
    findings.add(new Finding(statement.position(), rule, policy.ref(statement), message));
  }

  private void add(Policy policy, String rule, String message) {
    findings.add(new Finding(policy.position(), rule, policy.ref(), message));
  }
}
