package io.signalbox.server.auth;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.subject.Subject;
import io.signalbox.server.auth.AccessDecision.OnDenied;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Metrics.Denial;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One client under the policies in force. Binds itself anew when those change; between changes an
 * allowed PUBLISH to one of the last few topics costs a look into an array, and none allocates.
 */
@ConfinedTo("the connection's I/O thread")
final class PolicyAuthorizer implements Authorizer {
  private static final Logger LOG = System.getLogger(PolicyAuthorizer.class.getName());

  private static final AccessDecision ALLOWED =
      new AccessDecision(true, "allowed", "", OnDenied.DEFAULT);
  private static final int ALLOWED_MAX = 8; // a power of two

  /** What is kept is kept for each connection: a longer name is asked about each time. */
  private static final int ALLOWED_NAME_BYTES_MAX = 512;

  private static final long[] NEVER = {};

  /** Things that happen for each message are told once each, and no more different ones. */
  private static final int TOLD_MAX = 64;

  /** Those that differ behind it look alike in the log too. */
  private static final int TOLD_CHARACTERS_MAX = 200;

  private final PolicyStore policies;
  private final String principalId;

  private BoundPolicies bound;
  private int epoch;

  /** Other statements came into force since {@link #refresh} was called. */
  private boolean changed;

  /**
   * Topics of allowed PUBLISH packets, direct-mapped; made with the first one, which many clients
   * never send.
   */
  private @Nullable TopicName @Nullable [] allowed;

  /**
   * For each of {@link #allowed}: bits 0-1 QoS, bit 2 RETAIN, from bit 3 the payload's bytes.
   * Limits are limits of an allow, never of a deny, so what is allowed stays so with a smaller
   * payload.
   */
  private long[] allowedAs = NEVER;

  /** The latest denial and what was made of it: whoever is denied often asks again. */
  private @Nullable Decision denied;

  private AccessDecision deniedAs = ALLOWED;

  private @Nullable Set<String> told;

  PolicyAuthorizer(PolicyStore policies, Subject subject, String principalId) {
    this.policies = policies;
    this.principalId = principalId;
    this.epoch = policies.epoch(); // first: a change meanwhile is then noticed
    this.bound = policies.bind(subject);
    logProblems();
  }

  private void logProblems() {
    for (Problem problem : bound.claimProblems()) {
      LOG.log(
          Level.WARNING,
          "client {0} as {1} is denied everything: {2}",
          LogText.quote(bound.subject().clientId()),
          LogText.quote(principalId),
          problem);
    }
    bound
        .unresolved()
        .forEach(
            variable ->
                LOG.log(
                    Level.INFO,
                    "client {0} as {1}: {2}",
                    LogText.quote(bound.subject().clientId()),
                    LogText.quote(principalId),
                    variable));
  }

  private BoundPolicies current() {
    int now = policies.epoch();
    if (now != epoch) {
      epoch = now;
      BoundPolicies before = bound;
      bound = policies.bind(before.subject());
      allowed = null;
      allowedAs = NEVER;
      denied = null;
      told = null;
      if (!bound.sameStatements(before)) {
        changed = true;
        logProblems();
      }
    }
    return bound;
  }

  @Override
  public boolean refresh() {
    current();
    boolean others = changed;
    changed = false;
    return others;
  }

  @Override
  public AccessDecision connect() {
    BoundPolicies asked = current();
    Decision decision = asked.decideConnect();
    BoundPolicies shadow = shadow(asked);
    if (shadow != null) {
      observe(Denial.CONNECT, "connect", "", decision, shadow.decideConnect());
    }
    return toAccess(decision);
  }

  @Override
  public AccessDecision publish(TopicName topic, Qos qos, boolean retain, int payloadBytes) {
    BoundPolicies asked = current();
    @Nullable TopicName[] topics = allowed;
    if (topics == null) {
      topics = new TopicName[ALLOWED_MAX];
      allowed = topics;
      allowedAs = new long[ALLOWED_MAX];
    }
    int slot = (topic.hashCode() + qos.value()) & (ALLOWED_MAX - 1);
    long as = (long) payloadBytes << 3 | (retain ? 4 : 0) | qos.value();
    TopicName known = topics[slot];
    if (known != null
        && as <= allowedAs[slot]
        && ((as ^ allowedAs[slot]) & 7) == 0
        && known.equals(topic)) {
      return ALLOWED;
    }
    byte[] utf8 = topic.utf8();
    BoundPolicies shadow = shadow(asked);
    if (shadow == null
        && asked.allowsPublish(utf8, 0, utf8.length, qos.value(), retain, payloadBytes)) {
      remember(topic, slot, as);
      return ALLOWED;
    }
    Decision decision =
        asked.decidePublish(utf8, 0, utf8.length, qos.value(), retain, payloadBytes);
    if (shadow != null) {
      Decision observed =
          shadow.decidePublish(utf8, 0, utf8.length, qos.value(), retain, payloadBytes);
      boolean agreed = observe(Denial.PUBLISH, "publish to", topic.toString(), decision, observed);
      if (decision.allowed() && agreed) { // else every one of them is counted
        remember(topic, slot, as);
      }
    }
    return toAccess(decision);
  }

  private void remember(TopicName topic, int slot, long as) {
    @Nullable TopicName[] topics = allowed;
    if (topics != null && topic.utf8().length <= ALLOWED_NAME_BYTES_MAX) {
      topics[slot] = topic;
      allowedAs[slot] = as;
    }
  }

  @Override
  public SubscribeDecision subscribe(
      @Nullable String shareName, TopicFilter filter, Qos requested) {
    BoundPolicies asked = current();
    String text = filter.toString();
    var decision = asked.decideSubscribe(text, requested.value(), shareName);
    BoundPolicies shadow = shadow(asked);
    if (shadow != null) {
      observe(
          Denial.SUBSCRIBE,
          "subscribe to",
          text,
          decision.decision(),
          shadow.decideSubscribe(text, requested.value(), shareName).decision());
    }
    return new SubscribeDecision(
        decision.allowed(),
        Qos.of(decision.grantedQos()),
        decision.receiveCheck(),
        decision.decision().text(),
        decision.decision().bundle());
  }

  @Override
  public AccessDecision receive(TopicName topic) {
    byte[] utf8 = topic.utf8();
    Decision denied = current().decideReceive(utf8, 0, utf8.length);
    return denied == null ? ALLOWED : notDelivered(topic, denied);
  }

  @Override
  public AccessDecision delivery(TopicName topic) {
    byte[] utf8 = topic.utf8();
    Decision decision = current().decideDelivery(utf8, 0, utf8.length);
    return decision.allowed() ? ALLOWED : toAccess(decision);
  }

  @Override
  public Unresolved unresolved() {
    BoundPolicies asked = current();
    var found = asked.unresolved();
    List<String> texts =
        found.isEmpty() ? List.of() : found.stream().map(Object::toString).toList();
    return new Unresolved(texts, asked.bundle());
  }

  @Override
  public OnRevoke onRevoke() {
    return current()
        .onRevoke()
        .map(
            said ->
                switch (said) {
                  case FILTER -> OnRevoke.FILTER;
                  case DISCONNECT -> OnRevoke.DISCONNECT;
                })
        .orElse(OnRevoke.DEFAULT);
  }

  private static OnDenied onDenied(BoundPolicies bound) {
    return bound
        .onDenied()
        .map(
            said ->
                switch (said) {
                  case DROP -> OnDenied.DROP;
                  case DISCONNECT -> OnDenied.DISCONNECT;
                })
        .orElse(OnDenied.DEFAULT);
  }

  private AccessDecision toAccess(Decision decision) {
    if (decision.allowed()) {
      return ALLOWED;
    }
    if (decision != denied) {
      denied = decision;
      deniedAs = new AccessDecision(false, decision.text(), decision.bundle(), onDenied(bound));
    }
    return deniedAs;
  }

  private AccessDecision notDelivered(TopicName topic, Decision denied) {
    AccessDecision access = toAccess(denied);
    if (isNews(denied.statement())) {
      LOG.log(
          Level.WARNING,
          "client {0} as {1} does not receive {2} and its likes: {3}",
          LogText.quote(bound.subject().clientId()),
          LogText.quote(principalId),
          LogText.quote(topic.toString()),
          access.audit());
    }
    return access;
  }

  private static @Nullable BoundPolicies shadow(BoundPolicies asked) {
    return asked.shadow().orElse(null);
  }

  /**
   * Counts and logs where policies that are only observed would decide otherwise.
   *
   * @return whether they decide alike
   */
  private boolean observe(
      Denial kind, String action, String topic, Decision inForce, Decision observed) {
    if (inForce.allowed() == observed.allowed()) {
      return true;
    }
    policies.differs(kind);
    if (isNews(action + topic)) {
      LOG.log(
          Level.INFO,
          "client {0} as {1}, {2} {3}: {4}, but under the observed policies {5}",
          LogText.quote(bound.subject().clientId()),
          LogText.quote(principalId),
          action,
          LogText.quote(topic),
          inForce.text(),
          observed.text());
    }
    return false;
  }

  private boolean isNews(String what) {
    Set<String> known = told;
    if (known == null) {
      known = new HashSet<>();
      told = known;
    }
    return known.size() < TOLD_MAX
        && known.add(what.substring(0, Math.min(what.length(), TOLD_CHARACTERS_MAX)));
  }
}
