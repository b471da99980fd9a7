from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from config.database.finite import AreFinite


class Migration(migrations.Migration):
    """Unvalidated, so that the tables are locked for a moment only; the next migration validates."""

    dependencies = [("trading", "0028_terms_in_use")]

    operations = [
        AddConstraintNotValid(
            model_name='corporateaction',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'ex_date', 'record_date', 'payment_date', 'ratio', 'cash_amount', 'applied_at')), name='corporate_actions_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='feeschedule',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'commission_rate', 'commission_per_lot', 'markup_bps', 'swap_long', 'swap_short', 'valid_from', 'valid_until')), name='fee_schedules_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='instrument',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'deleted_at', 'tick_size', 'min_quantity', 'max_quantity', 'quantity_step', 'contract_size', 'leverage_max', 'margin_rate', 'commission_rate', 'swap_long', 'swap_short')), name='instruments_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='instrumentmark',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('marked_at', 'mid', 'bid', 'ask', 'created_at')), name='instrument_marks_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='instrumentsession',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'holiday_date')), name='instrument_sessions_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'quantity', 'filled_quantity', 'price', 'stop_price', 'limit_price', 'trailing_distance', 'filled_notional', 'good_till_date', 'take_profit', 'stop_loss', 'commission', 'slippage', 'received_at', 'submitted_at', 'filled_at', 'canceled_at', 'expired_at')), name='orders_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='orderaudit',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at')), name='order_audit_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='orderchangerequest',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'quantity', 'price', 'stop_price', 'limit_price', 'trailing_distance', 'good_till_date', 'decided_at')), name='order_change_requests_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='orderfill',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'fill_price', 'fill_quantity', 'fill_commission', 'executed_at')), name='order_fills_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='orderstatustransition',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at')), name='order_status_transitions_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='position',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'updated_at', 'quantity', 'entry_price', 'current_price', 'mark_price', 'average_price', 'liquidation_price', 'margin_required', 'unrealized_pnl', 'realized_pnl', 'commission_paid', 'swap_charges', 'stop_loss', 'take_profit', 'trailing_stop', 'open_time', 'close_time')), name='positions_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='positionaudit',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'quantity_before', 'quantity_after', 'price')), name='position_audit_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
        AddConstraintNotValid(
            model_name='trade',
            constraint=models.CheckConstraint(condition=models.Q(AreFinite('created_at', 'quantity', 'price', 'contract_size', 'commission', 'swap', 'pnl', 'conversion_rate', 'executed_at')), name='trades_finite_check', violation_error_message='Numbers and times are finite.'),
        ),
    ]
