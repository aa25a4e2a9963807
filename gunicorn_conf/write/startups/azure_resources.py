"""The web app as an Azure resource: a Bicep file and an ARM template with the startup command and the app settings."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gunicorn_conf.write.quote import bicep
from gunicorn_conf.write.startup import Fragment, Options, Server

API_VERSION = "2022-09-01"
# Always On is not offered on the free and shared tiers (Microsoft, App Service limits).
_NOT_ALWAYS_ON = ("F1", "D1")
_DEFAULT_PYTHON = "3.12"


def app_settings() -> Sequence[tuple[str, str]]:
    """The app settings that the start needs, none of them secret.

    Microsoft, Configure a Linux Python app (2024-08-29): without build automation a zip file is deployed as it is.
    """
    return (("SCM_DO_BUILD_DURING_DEPLOYMENT", "true"),)


def resources(server: Server, options: Options, startup_command: str) -> tuple[Fragment, ...]:
    """Both forms, the same resource."""
    return (
        Fragment(
            title="The same as Bicep",
            language="bicep",
            text=_bicep(server, options, startup_command),
            file_name="app-service.bicep",
        ),
        Fragment(
            title="The same as an ARM template",
            language="json",
            text=_arm(server, options, startup_command),
            file_name="app-service.json",
        ),
    )


def _bicep(server: Server, options: Options, startup_command: str) -> str:
    settings = "".join(f"        {{ name: {bicep(name)}, value: {bicep(value)} }}\n" for name, value in app_settings())
    health = "" if options.health_path is None else f"      healthCheckPath: {bicep(options.health_path)}\n"
    return f"""\
// appSettings here replace all that the app has: add your own to the list.
param name string{_default(server)}
param planId string
param location string = resourceGroup().location
param pythonVersion string = {bicep(options.python_version or _DEFAULT_PYTHON)}

resource app 'Microsoft.Web/sites@{API_VERSION}' = {{
  name: name
  location: location
  kind: 'app,linux'
  properties: {{
    serverFarmId: planId
    httpsOnly: true
    siteConfig: {{
      linuxFxVersion: 'PYTHON|${{pythonVersion}}'
      appCommandLine: {bicep(startup_command)}
      alwaysOn: {"true" if _always_on(options) else "false"}
{health}      appSettings: [
{settings}      ]
    }}
  }}
}}
"""


def _default(server: Server) -> str:
    return "" if server.name == "NAME" else f" = {bicep(server.name)}"


def _arm(server: Server, options: Options, startup_command: str) -> str:
    site: dict[str, object] = {
        "linuxFxVersion": "[concat('PYTHON|', parameters('pythonVersion'))]",
        "appCommandLine": startup_command,
        "alwaysOn": _always_on(options),
        "appSettings": [{"name": name, "value": _literal(value)} for name, value in app_settings()],
    }
    if options.health_path is not None:
        site["healthCheckPath"] = _literal(options.health_path)
    name: dict[str, str] = {"type": "string"}
    if server.name != "NAME":
        name["defaultValue"] = _literal(server.name)
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "name": name,
            "planId": {"type": "string"},
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            "pythonVersion": {"type": "string", "defaultValue": _literal(options.python_version or _DEFAULT_PYTHON)},
        },
        "resources": [
            {
                "type": "Microsoft.Web/sites",
                "apiVersion": API_VERSION,
                "name": "[parameters('name')]",
                "location": "[parameters('location')]",
                "kind": "app,linux",
                "properties": {
                    "serverFarmId": "[parameters('planId')]",
                    "httpsOnly": True,
                    "siteConfig": site,
                },
            }
        ],
    }
    return json.dumps(template, indent=2, ensure_ascii=False) + "\n"


def _literal(text: str) -> str:
    """Text as a template holds it: one that begins with ``[`` would be taken for an expression."""
    return f"[{text}" if text.startswith("[") else text


def _always_on(options: Options) -> bool:
    return options.plan_size is None or options.plan_size.name not in _NOT_ALWAYS_ON
