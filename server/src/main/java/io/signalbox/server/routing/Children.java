package io.signalbox.server.routing;

/** The children of a node whose labels start with a literal level: a lone one or a table. */
sealed interface Children permits Node, ChildTable {}
