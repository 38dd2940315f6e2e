package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.SubscribeDecision;
import java.util.function.Consumer;

/**
 * Tells somebody, who writes it down, of everything that policies refuse to clients. Any thread.
 */
public final class Refusals {
  /** What was refused. */
  public enum Action {
    CONNECT,
    /** A session that belongs to somebody else: no policy's doing, and an attack if it is meant. */
    TAKE_OVER,
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
   * @param topic Topic Name or Topic Filter; empty for CONNECT
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

  void refused(Refusal refusal) {
    listener.accept(refusal);
  }

  private void refused(Action action, Client client, String topic, String rule, String bundle) {
    refused(
        new Refusal(
            action,
            client.clientId(),
            client.principal().id(),
            client.connection().peer().remote().getAddress().getHostAddress(),
            topic,
            rule,
            bundle));
  }
}
