package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.auth.Unresolved;
import java.util.List;
import java.util.function.Consumer;

/**
 * Tells somebody, who writes it down, of everything that policies refuse to clients, and of what
 * they cannot say of a client. Any thread.
 */
public final class Refusals {
  /** What was refused. */
  public enum Action {
    CONNECT,
    /** A session that belongs to somebody else: no policy's doing, and an attack if it is meant. */
    TAKE_OVER,
    /** A variable of a policy has no usable value for a client: nothing is refused yet. */
    UNRESOLVED,
    WILL,
    PUBLISH,
    SUBSCRIBE,
    RECEIVE
  }

  /**
   * One refusal.
   *
   * @param principal whom the session belongs to
   * @param remote address; empty for a will whose client is gone
   * @param topic Topic Name or Topic Filter; empty for CONNECT, TAKE_OVER and UNRESOLVED
   * @param rule policy and statement that decided, or why none did
   * @param bundle hash of all policies; empty: none of them decided
   */
  public record Refusal(
      Action action,
      String clientId,
      String principal,
      String remote,
      String topic,
      String rule,
      String bundle) {}

  /** Told of one client at a time. */
  static final int UNRESOLVED_MAX = 32;

  private volatile Consumer<Refusal> listener = _ -> {};

  /**
   * @param told on I/O threads: must be quick and not wait
   */
  public void onRefused(Consumer<Refusal> told) {
    listener = told;
  }

  void refused(Action action, Client client, String topic, AccessDecision decision) {
    refused(action, client, topic, decision.rule(), decision.bundle());
  }

  void refused(Client client, String filter, SubscribeDecision decision) {
    refused(Action.SUBSCRIBE, client, filter, decision.rule(), decision.bundle());
  }

  /** Of a session that belongs to another principal. */
  void takeOver(Client client, String problem) {
    refused(Action.TAKE_OVER, client, "", problem, "");
  }

  /**
   * Each variable of the client's policies that has no usable value; of very many the first ones,
   * and how many more there are.
   */
  void unresolved(Client client) {
    Unresolved found = client.authorizer().unresolved();
    List<String> texts = found.texts();
    if (texts.isEmpty()) {
      return; // as with nearly every client
    }
    texts.stream()
        .limit(UNRESOLVED_MAX)
        .forEach(text -> refused(Action.UNRESOLVED, client, "", text, found.bundle()));
    if (texts.size() > UNRESOLVED_MAX) {
      String more = "and %d more variables".formatted(texts.size() - UNRESOLVED_MAX);
      refused(Action.UNRESOLVED, client, "", more, found.bundle());
    }
  }

  void refused(Refusal refusal) {
    listener.accept(refusal);
  }

  private void refused(Action action, Client client, String topic, String rule, String bundle) {
    refused(
        new Refusal(
            action,
            client.clientId(),
            client.principal().id(),
            client.connection().peer().address().getHostAddress(),
            topic,
            rule,
            bundle));
  }
}
