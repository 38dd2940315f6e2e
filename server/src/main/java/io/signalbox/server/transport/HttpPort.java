package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import io.undertow.server.HttpHandler;

/**
 * A port for plain HTTP requests and for nothing else. The limits of all listeners are its own too,
 * but those of connections on their way to CONNECT: its connections count among those that serve
 * HTTP from accept on.
 *
 * @param place its name, addresses and port; of type ws, whose WebSocket it does not have
 * @param handler runs on an I/O thread and must dispatch what blocks
 */
public record HttpPort(ListenerConfig place, HttpHandler handler) {}
