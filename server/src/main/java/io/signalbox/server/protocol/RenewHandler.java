package io.signalbox.server.protocol;

import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.session.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * A QoS 1 publish to {@value #TOPIC} with a fresh token as its payload, for clients that cannot
 * send AUTH: those of 3.1.1, and of 5.0 that connected without the Authentication Method. It is no
 * message: nobody receives it and it is kept nowhere. PUBACK tells the outcome; in 3.1.1, which has
 * no negative one, a token that is not good ends the connection.
 */
final class RenewHandler {
  static final String TOPIC = "$signalbox/auth/renew";

  private static final Logger LOG = System.getLogger(RenewHandler.class.getName());
  private static final String METHOD = "JWT";

  private final ProtocolContext context;
  private final ConnectHandler connectHandler;

  RenewHandler(ProtocolContext context, ConnectHandler connectHandler) {
    this.context = context;
    this.connectHandler = connectHandler;
  }

  /** One of QoS 1 that was counted as begun. */
  void onPublish(Client client, Publish publish) {
    assert publish.qos() == Qos.AT_LEAST_ONCE : "PUBACK tells the outcome";
    PendingAcks.Ack ack = client.acks().await(PendingAcks.Kind.PUBACK, publish.packetId(), null);
    if (client.principal().token() == null) {
      outcome(client, ack, "it did not connect with a token");
      return;
    }
    if (client.isRenewing()) {
      outcome(client, ack, "another renewal is under way");
      return;
    }
    Connect who =
        new Connect(
            client.connection().version(),
            client.clientId(),
            false,
            0,
            null,
            client.userName(),
            null,
            Properties.NONE);
    long mark = context.clients().epoch();
    // The credentials of CONNECT and of the WebSocket request are what the token is to replace.
    Exchange exchange =
        context
            .exchanges()
            .begin(METHOD, who, client.connection().peer().withoutAuthorizationHeader());
    client.beginRenewal(exchange);
    exchange.next(
        publish.payload(),
        client.connection().loop(),
        answer -> {
          client.endRenewal();
          if (answer instanceof Authentication.Rejected rejected) {
            ConnectHandler.countRefused(client, rejected);
          }
          if (client.phase() == Client.Phase.CONNECTED) {
            answered(client, ack, answer, mark);
          }
        });
  }

  private void answered(Client client, PendingAcks.Ack ack, Authentication answer, long mark) {
    switch (answer) {
      case Authentication.Continue _ -> outcome(client, ack, "the payload is empty");
      case Authentication.Rejected rejected -> outcome(client, ack, rejected.cause());
      case Authentication.Accepted accepted -> {
        Principal now = accepted.principal();
        if (!now.isSameAs(client.principal())) {
          outcome(client, ack, "the new token is another's: " + now.identity());
          return;
        }
        connectHandler.renewOrRestrict(client, now, mark);
        ack.complete();
      }
    }
  }

  /** What the client has is good until its end, whatever it tried to put in its place. */
  private static void outcome(Client client, PendingAcks.Ack ack, String problem) {
    LOG.log(
        Level.WARNING,
        "client {0} as {1} failed to renew its token: {2}",
        LogText.quote(client.clientId()),
        LogText.quote(client.principal().id()),
        problem);
    if (client.isV5()) {
      ack.reason(ReasonCode.NOT_AUTHORIZED);
      ack.complete();
      return;
    }
    client.closing(Metrics.Close.NOT_AUTHORIZED);
    client.end(Session.WillFate.SEND);
    client.connection().disconnect(ReasonCode.NOT_AUTHORIZED, problem);
  }
}
