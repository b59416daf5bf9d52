"""Bitrix24 behind the CRM port: its REST by an inbound webhook. Facts: apidocs.bitrix24.ru."""
