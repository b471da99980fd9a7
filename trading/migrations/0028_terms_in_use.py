import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

import config.database.triggers
from config.database.operations import RunSQLFile


class Migration(migrations.Migration):

    dependencies = [
        ('trading', '0027_trade_journals'), ('accounts', '0012_money_rules'),
    ]

    operations = [
        RunSQLFile("0028_terms_in_use"),
        pgtrigger.migrations.AddTrigger(
            model_name='instrument',
            trigger=pgtrigger.compiler.Trigger(name='terms', sql=config.database.triggers.SharedTriggerSql(condition='WHEN ((OLD.base_currency, OLD.quote_currency, OLD.tick_size, OLD.quantity_step, OLD.contract_size) IS DISTINCT FROM (NEW.base_currency, NEW.quote_currency, NEW.tick_size, NEW.quantity_step, NEW.contract_size))', execute='check_instrument_terms()', func='', hash='e223244d2fe137d75d3329b05e39272309e40852', operation='UPDATE OF "base_currency", "quote_currency", "tick_size", "quantity_step", "contract_size"', pgid='instruments_terms', table='instruments', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='instrument',
            trigger=pgtrigger.compiler.Trigger(name='zone', sql=config.database.triggers.SharedTriggerSql(execute='check_instrument_zone()', func='', hash='045324c88888109bd4c00afe511741f59c674764', operation='INSERT OR UPDATE OF "time_zone"', pgid='instruments_zone', table='instruments', when='BEFORE')),
        ),
    ]
