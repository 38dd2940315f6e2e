package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.packet.Unsubscribe;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.routing.Router;
import io.signalbox.server.session.Session;

/**
 * One packet of an accepted connection to its handler. One dispatcher, with its handlers, for each
 * I/O thread.
 */
final class PacketDispatcher {
  private final ConnectHandler connectHandler;
  private final AuthHandler authHandler;
  private final PublishHandler publishHandler;
  private final AckHandler ackHandler;
  private final SubscribeHandler subscribeHandler;
  private final DisconnectHandler disconnectHandler;
  private final Publisher publisher;

  PacketDispatcher(EventLoop loop, Router router, ProtocolContext context) {
    publisher =
        new Publisher(loop, router, context.retained(), context.writer(), context.metrics());
    connectHandler = new ConnectHandler(context);
    authHandler = new AuthHandler(context, connectHandler);
    publishHandler =
        new PublishHandler(context, publisher, new RenewHandler(context, connectHandler));
    ackHandler = new AckHandler(context);
    subscribeHandler = new SubscribeHandler(context);
    disconnectHandler = new DisconnectHandler(context.sessionConfig().expirySecondsMax());
  }

  Publisher publisher() {
    return publisher;
  }

  void refreshed(Client client, Principal now) {
    connectHandler.refreshed(client, now);
  }

  void onConnect(Client client, Connect connect) {
    if (!connectHandler.check(client, connect)) {
      return;
    }
    client.connection().suspendReads();
    String method = connect.properties().string(Property.AUTHENTICATION_METHOD);
    if (method == null) {
      connectHandler.authenticate(client, connect);
    } else {
      authHandler.begin(client, connect, method);
    }
  }

  /** A packet that came while an exchange of AUTH packets waits for the client. */
  void whileAuthenticating(Client client, Packet packet) throws PacketException {
    switch (packet) {
      case Auth auth -> authHandler.onAuth(client, auth);
      case Disconnect _ -> {
        client.closing(Metrics.Close.CLIENT_DISCONNECT);
        client.end(Session.WillFate.DISCARD);
        client.connection().close();
      }
      default ->
          throw PacketException.protocolError(
              "a packet before the end of authentication"); // [MQTT-3.1.2-30]
    }
  }

  void dispatch(Client client, Packet packet) throws PacketException {
    switch (packet) {
      case Publish publish -> publishHandler.onPublish(client, publish);
      case PubAck ack -> ackHandler.onPubAck(client, ack);
      case PubRec rec -> ackHandler.onPubRec(client, rec);
      case PubRel rel -> ackHandler.onPubRel(client, rel);
      case PubComp comp -> ackHandler.onPubComp(client, comp);
      case Subscribe subscribe -> subscribeHandler.onSubscribe(client, subscribe);
      case Unsubscribe unsubscribe -> subscribeHandler.onUnsubscribe(client, unsubscribe);
      case PingReq _ -> client.connection().send(new PingResp()); // [MQTT-3.12.4-1]
      case Disconnect disconnect -> disconnectHandler.onDisconnect(client, disconnect);
      case Auth auth -> authHandler.onAuth(client, auth);
      case Connect _ ->
          throw PacketException.protocolError("second CONNECT on one connection"); // [MQTT-3.1.0-2]
      case ConnAck _, SubAck _, UnsubAck _, PingResp _ ->
          throw PacketException.protocolError("a packet that only a server sends");
    }
  }
}
