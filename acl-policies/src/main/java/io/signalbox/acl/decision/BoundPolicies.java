package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.filter.SharedFilter;
import io.signalbox.acl.model.OnDenied;
import io.signalbox.acl.model.OnRevoke;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.subject.Subject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The policies of one client: matched, variables substituted, ready to be asked. Immutable, any
 * thread. An allowed PUBLISH, SUBSCRIBE or delivery allocates nothing.
 *
 * <p>Any matching deny denies; else any matching allow allows; else it is denied. With an acl claim
 * that narrows, the claim must allow as well. Whatever goes wrong, the answer is no.
 */
public final class BoundPolicies {
  private static final Logger LOG = System.getLogger(BoundPolicies.class.getName());

  private static final byte[] NO_TEXTS = {};

  private final Subject subject;
  private final RuleBook policies;

  /** Of the subject, for {@link #policies}: see {@link Slots}. */
  private final byte[] texts;

  /** What the token itself still lets through; null when it says nothing. */
  private final @Nullable RuleBook narrowing;

  /** For {@link #narrowing}. */
  private final byte[] narrowingTexts;

  private final @Nullable BoundPolicies shadow;
  private final List<Problem> claimProblems;

  BoundPolicies(
      Subject subject,
      PolicySet.Bound policies,
      PolicySet.@Nullable Bound narrowing,
      @Nullable BoundPolicies shadow,
      List<Problem> claimProblems) {
    this.subject = subject;
    this.policies = policies.book();
    this.texts = policies.texts();
    this.narrowing = narrowing == null ? null : narrowing.book();
    this.narrowingTexts = narrowing == null ? NO_TEXTS : narrowing.texts();
    this.shadow = shadow;
    this.claimProblems = claimProblems;
  }

  public Subject subject() {
    return subject;
  }

  /** Hash of the bundle that is bound. */
  public String bundle() {
    return policies.set().bundle();
  }

  /** {@code namespace:name} of every policy that is bound. */
  public List<String> policies() {
    return policies.set().policies().stream().map(Policy::ref).toList();
  }

  /** Variables without a usable value: audit events of this MQTT session. */
  public List<Unresolved> unresolved() {
    if (narrowing == null || narrowing.unresolved().isEmpty()) {
      return policies.unresolved();
    }
    Set<Unresolved> all = new LinkedHashSet<>(policies.unresolved());
    all.addAll(narrowing.unresolved());
    return List.copyOf(all);
  }

  /** What is wrong with the token's acl claim; if anything is, every answer is no. */
  public List<Problem> claimProblems() {
    return claimProblems;
  }

  /** Empty: no policy of this client says, use the server's default. */
  public Optional<OnDenied> onDenied() {
    return policies.set().onDenied();
  }

  /** Empty: no policy of this client says, use the server's default. */
  public Optional<OnRevoke> onRevoke() {
    return policies.set().onRevoke();
  }

  /** The bundle that is only observed: ask it the same and log where it differs. */
  public Optional<BoundPolicies> shadow() {
    return Optional.ofNullable(shadow);
  }

  /**
   * Whether both decide the same for this client, so that after a reload nothing need be checked
   * again. May say false for two that decide alike, never true for two that do not.
   */
  public boolean sameStatements(BoundPolicies other) {
    return policies.set().sameEffect(other.policies.set()) && subject.equals(other.subject);
  }

  /** Whether the client may connect with its Client Identifier over its connection. */
  public Decision decideConnect() {
    try {
      Decision decision = policies.connect(subject.clientId(), texts);
      // A token that lists topics only means to narrow those; the right to connect stays.
      return decision.allowed() && narrowing != null && narrowing.hasStatementsOnConnect()
          ? narrowing.connect(subject.clientId(), narrowingTexts)
          : decision;
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /**
   * Whether the client may publish; also its Will Message at CONNECT and when it fires, and an
   * empty retained payload, which clears.
   *
   * @param topicUtf8 a valid Topic Name is expected in {@code [offset, offset + length)}
   * @param qos 0..2
   * @param retain the RETAIN flag
   * @param payloadBytes length of the payload
   */
  public Decision decidePublish(
      byte[] topicUtf8, int offset, int length, int qos, boolean retain, int payloadBytes) {
    try {
      int end = offset + length;
      int score = policies.publish(texts, topicUtf8, offset, end, qos, retain, payloadBytes);
      return narrowing == null || !policies.allows(score)
          ? policies.decision(score)
          : narrowing.decision(
              narrowing.publish(narrowingTexts, topicUtf8, offset, end, qos, retain, payloadBytes));
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /**
   * Whether {@link #decidePublish(byte[], int, int, int, boolean, int)} allows it: the same answer
   * without the reason, and without reading what only the reason is in.
   */
  public boolean allowsPublish(
      byte[] topicUtf8, int offset, int length, int qos, boolean retain, int payloadBytes) {
    try {
      int end = offset + length;
      return policies.allows(
              policies.publish(texts, topicUtf8, offset, end, qos, retain, payloadBytes))
          && (narrowing == null
              || narrowing.allows(
                  narrowing.publish(
                      narrowingTexts, topicUtf8, offset, end, qos, retain, payloadBytes)));
    } catch (RuntimeException e) {
      return failed(e).allowed();
    }
  }

  /** As {@link #decidePublish(byte[], int, int, int, boolean, int)}. */
  public Decision decidePublish(String topic, int qos, boolean retain, int payloadBytes) {
    byte[] utf8 = Utf8.buffer(topic);
    return decidePublish(utf8, 0, Utf8.encode(topic, utf8), qos, retain, payloadBytes);
  }

  /**
   * Whether the client may subscribe, at which QoS, and whether deliveries must be checked.
   *
   * @param requested Topic Filter; with the {@code $share} prefix, or without it and {@code
   *     shareGroup}
   * @param requestedQos 0..2
   * @param shareGroup Share Name; null for a subscription that is not shared
   */
  public SubscribeDecision decideSubscribe(
      String requested, int requestedQos, @Nullable String shareGroup) {
    try {
      if (shareGroup == null && SharedFilter.isShared(requested)) {
        SharedFilter shared = SharedFilter.of(requested);
        return decideSubscribe(shared.filter(), requestedQos, shared.shareName());
      }
      String filter = Filter.canonical(requested);
      byte[] utf8 = Utf8.buffer(filter);
      int length = Utf8.encode(filter, utf8);
      if (!Utf8.isFilter(utf8, length)) {
        return SubscribeDecision.refused(failed());
      }
      SubscribeDecision decision =
          policies.subscribe(texts, utf8, length, requestedQos, shareGroup);
      if (!decision.allowed() || narrowing == null) {
        return decision;
      }
      SubscribeDecision narrowed =
          narrowing.subscribe(narrowingTexts, utf8, length, decision.grantedQos(), shareGroup);
      return narrowed.allowed() && decision.receiveCheck() && !narrowed.receiveCheck()
          ? new SubscribeDecision(narrowed.decision(), narrowed.grantedQos(), true)
          : narrowed;
    } catch (IllegalArgumentException e) {
      return SubscribeDecision.refused(failed()); // a malformed $share, the client's own doing
    } catch (RuntimeException e) {
      return SubscribeDecision.refused(failed(e));
    }
  }

  /** Whether {@link #decideReceive} can ever deny; when not, nothing need be asked at delivery. */
  public boolean hasReceiveDenies() {
    return policies.hasReceiveDenies() || (narrowing != null && narrowing.hasReceiveDenies());
  }

  /**
   * Whether a message may be delivered for a subscription that was granted with a receive check.
   *
   * @return null when it may: nothing denies it
   */
  public @Nullable Decision decideReceive(byte[] topicUtf8, int offset, int length) {
    try {
      int end = offset + length;
      Decision denied = policies.receiveDeny(texts, topicUtf8, offset, end);
      return denied == null && narrowing != null
          ? narrowing.receiveDeny(narrowingTexts, topicUtf8, offset, end)
          : denied;
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /** As {@link #decideReceive(byte[], int, int)}. */
  public @Nullable Decision decideReceive(String topic) {
    byte[] utf8 = Utf8.buffer(topic);
    return decideReceive(utf8, 0, Utf8.encode(topic, utf8));
  }

  /**
   * Whether a message may be delivered for a subscription that a change of policies no longer
   * allows as a whole, but that is filtered instead of ended: as if the client had subscribed to
   * this very topic.
   */
  public Decision decideDelivery(byte[] topicUtf8, int offset, int length) {
    try {
      int end = offset + length;
      Decision decision = policies.delivery(texts, topicUtf8, offset, end);
      return decision.allowed() && narrowing != null
          ? narrowing.delivery(narrowingTexts, topicUtf8, offset, end)
          : decision;
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /** As {@link #decideDelivery(byte[], int, int)}. */
  public Decision decideDelivery(String topic) {
    byte[] utf8 = Utf8.buffer(topic);
    return decideDelivery(utf8, 0, Utf8.encode(topic, utf8));
  }

  /** Whether a deny names this very filter, whatever else is said of it. */
  boolean refusesText(Filter filter, @Nullable String shareGroup) {
    String text = filter.toString();
    byte[] utf8 = Utf8.buffer(text);
    int length = Utf8.encode(text, utf8);
    return policies.refusesText(texts, utf8, length, shareGroup)
        || (narrowing != null && narrowing.refusesText(narrowingTexts, utf8, length, shareGroup));
  }

  /** What allows name as text, with the values of this client; each is still to be asked for. */
  List<Filter> literalAllows() {
    Substitution substitution = new Substitution(subject);
    List<Filter> filters = new ArrayList<>();
    for (RuleBook book : narrowing == null ? List.of(policies) : List.of(policies, narrowing)) {
      for (Policy policy : book.set().policies()) {
        for (Statement statement : policy.statements()) {
          if (!statement.isDeny()) {
            statement
                .literalFilters()
                .forEach(
                    template ->
                        filters.addAll(
                            substitution
                                .topics(template, statement, policy.ref(statement))
                                .filters()));
          }
        }
      }
    }
    return filters;
  }

  /** Our own fault; denied, and loud. */
  private Decision failed(RuntimeException e) {
    LOG.log(Level.ERROR, "a policy decision failed and is a denial, bundle " + bundle(), e);
    return failed();
  }

  private Decision failed() {
    return policies.set().denied(Reason.ERROR);
  }
}
