package io.signalbox.server.protocol;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.session.SessionWill;
import io.signalbox.server.session.Wills;
import io.signalbox.server.store.StorePublish;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Supplier;

/**
 * Publishes Will Messages that are due, each as its client could publish it now: the policies in
 * force are asked again, of the client with the groups and attributes that it has now. One that may
 * not connect any more has its will all the same: others wait for the sign that it is gone. On the
 * session's I/O thread.
 */
public final class WillPublisher implements Wills {
  private static final Logger LOG = System.getLogger(WillPublisher.class.getName());

  private final List<EventLoop> loops;
  private final Supplier<Protocol> protocol;
  private final Supplier<ProtocolContext> context;

  /**
   * @param protocol sessions are made before the protocol that serves them: asked when a will is
   *     due
   */
  public WillPublisher(
      List<EventLoop> loops, Supplier<Protocol> protocol, Supplier<ProtocolContext> context) {
    this.loops = List.copyOf(loops);
    this.protocol = protocol;
    this.context = context;
  }

  @Override
  public void due(String clientId, SessionWill will, long storedFor) {
    ProtocolContext shared = context.get();
    EventLoop loop = current();
    Principal who = shared.clients().refreshed(will.principal());
    Authorizer authorizer =
        shared
            .authorizers()
            .of(
                who,
                clientId,
                will.listener(),
                will.transport(),
                will.remoteAddress().isEmpty() ? null : InetAddress.ofLiteral(will.remoteAddress()),
                will.tlsVersion());
    AccessDecision access =
        authorizer.publish(will.topic(), will.qos(), will.retain(), will.payload().length);
    if (!access.allowed()) {
      shared.metrics().policyDenials.inc(Metrics.Denial.WILL, loop.index());
      LOG.log(
          Level.WARNING,
          "the will of client {0} as {1} to {2} is not published: {3}",
          LogText.quote(clientId),
          LogText.quote(who.id()),
          LogText.quote(will.topic().toString()),
          access.audit());
      shared
          .refusals()
          .refused(
              new Refusals.Refusal(
                  Refusals.Action.WILL,
                  clientId,
                  who.id(),
                  will.remoteAddress(),
                  will.topic().toString(),
                  access.rule(),
                  access.bundle()));
      if (storedFor != 0) {
        protocol
            .get()
            .publisher(loop.index())
            .forgetWill(will.toMessage(clientId, shared.clocks().wallMillis()), storedFor);
      }
      return;
    }
    shared.metrics().willsSent.inc(loop.index());
    protocol
        .get()
        .publisher(loop.index())
        .publish(
            will.toMessage(clientId, shared.clocks().wallMillis()),
            shared.sessions().find(clientId).orElse(null), // for No Local [MQTT-3.8.3-3]
            new Publisher.Also(will.retain(), StorePublish.Qos2Origin.NONE, storedFor),
            null);
  }

  private EventLoop current() {
    for (EventLoop loop : loops) {
      if (loop.isCurrent()) {
        return loop;
      }
    }
    throw new IllegalStateException("a will is due outside of an I/O thread");
  }
}
